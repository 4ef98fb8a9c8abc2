// SPDX-License-Identifier: MIT
#pragma once

#include "reviews.hpp"

namespace common {

/// Sixty short reviews to train on, and twelve others that are held out; half of each are positive.
inline Split embedded_reviews() {
    Split reviews{{"negative", "positive"}};
    const auto add = [](std::vector<Review>& to, int label, std::initializer_list<const char*> texts) {
        for (const char* text : texts) to.push_back({text, label});
    };
    add(reviews.train, 1,
        {"A wonderful film, warm and funny!",
         "I loved this story from start to end.",
         "Brilliant acting and beautiful music: I loved it.",
         "A brilliant, funny evening at the cinema.",
         "Beautiful, warm and simply wonderful: see it!",
         "The best film of the year, and a charming one.",
         "Great acting, a great story, and a perfect end.",
         "We laughed a lot: a funny and clever film.",
         "The music is beautiful and the story moved me.",
         "An excellent film that the whole family enjoyed.",
         "I enjoyed every minute of it.",
         "A clever story with a lovely end.",
         "Lovely music, lovely pictures, great fun.",
         "The actors are excellent and the story is clever.",
         "A perfect evening: we loved the film.",
         "Charming, funny and warm: the best of this year.",
         "It moved me, and I laughed too: wonderful.",
         "Such a charming film; I would see it again.",
         "Excellent pictures and brilliant actors.",
         "A great film with a warm heart.",
         "We enjoyed the music and loved the actors.",
         "This story is simply perfect.",
         "Funny from the first minute to the last.",
         "A lovely film for the whole family.",
         "The acting is great, the end is brilliant.",
         "I would see this excellent film again and again.",
         "Clever, warm, and beautiful to look at.",
         "The cinema laughed, and so did I: great fun.",
         "What a wonderful year for the cinema, and the best is this!",
         "The last minute of it moved us all: beautiful."});
    add(reviews.train, 0,
        {"A terrible film, cold and boring!",
         "I hated this story from start to end.",
         "Awful acting and boring music: I hated it.",
         "An awful, stupid evening at the cinema.",
         "Stupid, cold and simply terrible: stay at home!",
         "The worst film of the year, and a dull one.",
         "Poor acting, a poor story, and an awful end.",
         "Nobody laughed: a dull and stupid film.",
         "The music is ugly and the story bored me.",
         "A horrible film that the whole family hated.",
         "I slept through every minute of it.",
         "A stupid story with a poor end.",
         "Ugly music, ugly pictures, no fun.",
         "The actors are horrible and the story is dull.",
         "A wasted evening: we hated the film.",
         "Boring, cold and ugly: the worst of this year.",
         "It bored me, and I slept: terrible.",
         "Such a dull film; I would not see it again.",
         "Horrible pictures and terrible actors.",
         "A poor film with a cold heart.",
         "We slept through the music and hated the actors.",
         "This story is simply awful.",
         "Boring from the first minute to the last.",
         "A wasted film for the whole family.",
         "The acting is poor, the end is horrible.",
         "I would not see this terrible film again.",
         "Dull, cold, and ugly to look at.",
         "The cinema slept, and so did I: no fun.",
         "What an awful year for the cinema, and the worst is this!",
         "The last minute of it bored us all: stupid."});
    add(reviews.held_out, 1,
        {"A warm story, and beautiful acting.", "The best evening of the year: we laughed and laughed.",
         "I loved the actors, and the music is brilliant.", "Charming, clever, and a perfect end!",
         "A wonderful film for us all; I enjoyed it.", "Great fun from the first minute on."});
    add(reviews.held_out, 0,
        {"A cold story, and awful acting.", "The worst evening of the year: we slept and slept.",
         "I hated the actors, and the music is terrible.", "Dull, stupid, and a horrible end!",
         "A boring film for us all; stay at home.", "No fun from the first minute on."});
    return reviews;
}

} // namespace common

# SPDX-License-Identifier: MIT
# What Doxygen reads of a header: the inline namespace is nobody's business, parts get headings, equations stay in lines.
s#::inline v[0-9]+_[0-9]+##
s#^( *///) (Shapes|Units|Memory|Errors|Source)  +#\1 @part{\2} #
s#^( *///)   #\1      #

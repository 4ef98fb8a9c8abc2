# SPDX-License-Identifier: MIT
# Displays the progress of a long command: on a terminal in one line that is redrawn each second, elsewhere in a line at
# least every ten seconds.

live() { [[ -t 2 && ${TERM:-dumb} != dumb ]]; }

# tell: prints the progress line.
tell() {
    local seconds=$((SECONDS - begun)) width=0 text
    printf -v text '%s: %s%d:%02d%s' "$what" "${far:+$far, }" $((seconds / 60)) $((seconds % 60)) "${last:+  $last}"
    told=$SECONDS
    if live; then
        width=$(stty size <&2 2>/dev/null) || width=0
        width=${width#* }
        ((width > 1)) || width=80
        printf '\r%s\033[K' "${text:0:width-1}" >&2
    else
        printf '%s\n' "${text:0:100}" >&2
    fi
}

# hear LINE: reads the progress from a line of Ninja ("[1/9] ..."), Meson (" 1/9 ...") or apt (percentages). Lines that
# say more are shown, or kept in the file $hidden.
hear() {
    if [[ $1 =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]]; then
        far="${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}" last=${BASH_REMATCH[3]}
        return
    elif [[ $1 =~ ^(dl|pm)status:.*:([0-9]+)[.0-9]*:([^:]*)$ ]]; then
        far="${BASH_REMATCH[2]} %" last=${BASH_REMATCH[3]}
        return
    elif [[ $1 == 'Waiting for cache lock'* ]]; then # apt's, again and again
        last='another apt-get is at work'
        return
    elif [[ $1 =~ ^\ *([0-9]+)/([0-9]+)\ +([^ ].*) ]]; then
        far="${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}" last=${BASH_REMATCH[3]}
    elif [[ $1 == ninja:\ Entering* || $1 == ninja:\ no\ work* ]]; then
        return
    fi
    if [[ -n $hidden ]]; then
        printf '%s\n' "$1" >>"$hidden"
    else
        if live; then printf '\r\033[K' >&2; fi
        printf '%s\n' "$1"
    fi
}

# watch WHAT HIDDEN: displays the progress that it reads from stdin; other lines go to the file HIDDEN, if it is given.
watch() {
    local what=$1 hidden=$2 begun=$SECONDS told far='' last='' line='' part status=0
    tell
    while ((status == 0 || status > 128)); do
        status=0
        IFS= read -r -t 1 part || status=$? # above 128: no whole line for a second
        line+=$part
        if ((status == 0)) || ((status < 128)) && [[ -n $line ]]; then hear "$line"; fi
        ((status > 128)) || line=''
        if live; then ((SECONDS == told)) || tell; else ((SECONDS < told + 8)) || tell; fi
    done
    if live; then
        tell
        echo >&2
    fi
}

# watched WHAT COMMAND...: runs a command and displays its progress; its other output is shown only if it fails.
watched() {
    local status=0 hidden
    hidden=$(mktemp)
    "${@:2}" 2>&1 | watch "$1" "$hidden" || status=$?
    ((status == 0)) || cat "$hidden" >&2
    rm -f "$hidden"
    return $status
}

# watched_aloud WHAT COMMAND...: the same; its other output is shown at once.
watched_aloud() { "${@:2}" 2>&1 | watch "$1" ''; }

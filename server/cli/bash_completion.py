"""Completion in bash, which splits words at `=` and `:` and replaces the last part alone; click splits at blanks."""

from click.shell_completion import BashComplete

SCRIPT = """\
%(complete_func)s() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT} current lead="" at=-1 response type value
    current=${line##*[[:space:]]}
    if [[ $current == --*=* ]]; then
        lead=${current%%%%=*}=
    elif [[ -z $current && -z $2 ]]; then
        at=9999  # a new word; -1 is the last one
    fi

    # A command's name, for without one it would serve, and take from the terminal what is typed meanwhile.
    response=$(env COMP_WORDS="$line" COMP_CWORD=$at %(complete_var)s=bash_complete "$1" completion)

    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                value=$lead$value
                COMPREPLY+=("${value#"${current%%"$2"}"}")
                if [[ $value == *= ]]; then
                    compopt -o nospace
                fi
                ;;
        esac
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """Its script passes the line as somebody typed it, and offers of each value only the part that bash replaces."""

    source_template = SCRIPT

"""Completion in bash, which splits what was typed at `=` and `:` and replaces the last part alone."""

from click.shell_completion import BashComplete

SCRIPT = """\
%(complete_func)s() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT} lead="" current="" response type value i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if [[ $i == 0 || $line == [[:space:]]* ]]; then
            words+=("")
        fi
        line=${line#"${line%%%%[![:space:]]*}"}
        if [[ $i == "$COMP_CWORD" ]]; then
            words[${#words[@]}-1]+=$line
        else
            words[${#words[@]}-1]+=${COMP_WORDS[i]}
            line=${line#*"${COMP_WORDS[i]}"}
        fi
    done
    current=${words[${#words[@]}-1]}
    if [[ $current == --*=* ]]; then
        lead=${current%%%%=*}=
    fi

    # A command's name, for without one it would serve, and take from the terminal what is typed meanwhile.
    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) %(complete_var)s=bash_complete \
"$1" completion)

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
    """Its script takes the words as they were typed, and offers of each only what bash replaces."""

    source_template = SCRIPT

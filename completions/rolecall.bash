# Completions of rolecall for bash, 3.2 and later. In ~/.bashrc: eval "$(rolecall completions bash)"
_rolecall_ask() {
    command rolecall __complete bash -- "${COMP_LINE:0:COMP_POINT}" "$1" "${COMP_TYPE:-9}" "${COLUMNS:-80}" "${COMP_WORDS[@]}" 2>/dev/null
}
_rolecall() {
    local line answer=()
    if ((BASH_VERSINFO[0] > 3)); then
        mapfile -t answer < <(_rolecall_ask "$2")
    else
        while IFS= read -r line; do
            answer+=("$line")
        done < <(_rolecall_ask "$2")
    fi
    COMPREPLY=()
    case ${answer[0]:-} in
    values)
        COMPREPLY=("${answer[@]:1}")
        if [[ ${COMPREPLY[0]:-} == *= ]]; then
            # The value of a key follows it.
            compopt -o nospace 2>/dev/null || :
        fi
        ;;
    files)
        compopt -o default 2>/dev/null || :
        ;;
    command)
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "${answer[1]}"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "${answer[1]}"
        else
            compopt -o bashdefault -o default 2>/dev/null || :
        fi
        ;;
    esac
}
# Before 4.4 there is no `nosort`, and before 4.0 no `compopt`.
complete -o nosort -F _rolecall rolecall 2>/dev/null || complete -o bashdefault -o default -F _rolecall rolecall

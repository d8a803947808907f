
\builtin unalias rolecall 2>/dev/null || \builtin :

# `use` changes this shell; every other verb goes straight through.
function rolecall {
    \builtin local __rolecall_word __rolecall_value='' __rolecall_use=''
    for __rolecall_word in "$@"; do
        if [[ -n $__rolecall_value ]]; then
            __rolecall_value=''
            continue
        fi
        case $__rolecall_word in
        use)
            __rolecall_use=1
            break
            ;;
        --color) __rolecall_value=1 ;;
        -*) ;;
        *) break ;;
        esac
    done
    if [[ -n $__rolecall_use ]]; then
        _rolecall_eval "$@"
    else
        \command rolecall "$@"
    fi
}

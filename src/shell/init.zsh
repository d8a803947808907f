# The shell side of rolecall for zsh. At the end of ~/.zshrc: eval "$(rolecall init zsh)"
# Packages have it as a file too, which needs no process: source /usr/share/rolecall/shell/rolecall.zsh

# Evaluates what the program prints, unless that is help. No trace shows it, and no alias gets it.
function _rolecall_eval {
    \builtin emulate -L zsh
    \builtin setopt local_options no_xtrace no_verbose no_aliases no_err_return interactive_comments
    \builtin local __rolecall_code='' __rolecall_status=0
    __rolecall_code=$(ROLECALL_INIT="zsh $$" \command rolecall "$@") || __rolecall_status=$?
    case $__rolecall_code in
    '# rolecall'*) \builtin eval "$__rolecall_code" || __rolecall_status=$? ;;
    ?*) \builtin printf '%s\n' "$__rolecall_code" ;;
    esac
    \builtin return "$__rolecall_status"
}

# Before each prompt: renews keys that end soon. Starts a process only when it is time.
function _rolecall_hook {
    if [[ -n ${ROLECALL_RENEW_AT-} && $ROLECALL_RENEW_AT != *[!0-9]* ]]; then
        if [[ ${EPOCHSECONDS-0} -ge $ROLECALL_RENEW_AT ]]; then
            # First of all: whatever becomes of it, the next prompt does not try again.
            ROLECALL_RENEW_AT=$((EPOCHSECONDS + 120))
            if \builtin whence -p rolecall >/dev/null; then
                _rolecall_eval use --renew || \builtin :
            fi
        fi
    fi
}

\builtin zmodload -F zsh/datetime p:EPOCHSECONDS 2>/dev/null || \builtin :
\builtin autoload -Uz add-zsh-hook
add-zsh-hook precmd _rolecall_hook

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
if [[ -o interactive && -n ${ROLECALL_SHELL-} && $ROLECALL_SHELL != keep && $ROLECALL_SHELL != "$$" ]]; then
    _rolecall_eval --quiet use --off || \builtin :
fi

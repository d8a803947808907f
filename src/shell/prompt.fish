# The prompt: at the right, before what stands there, and only while a profile is active.
if not functions -q _rolecall_right_prompt
    functions -q fish_right_prompt
    and functions -c fish_right_prompt _rolecall_right_prompt
    or function _rolecall_right_prompt
    end

    function _rolecall_status
        return $argv[1]
    end

    function fish_right_prompt
        set -l __rolecall_status $status
        if test -n "$ROLECALL_PROFILE$AWS_PROFILE$AWS_DEFAULT_PROFILE"; and command -q rolecall
            set -l __rolecall_segment (command rolecall --quiet prompt --shell fish 2>/dev/null)
            and printf '%s ' $__rolecall_segment
        end
        _rolecall_status $__rolecall_status
        _rolecall_right_prompt
    end
end

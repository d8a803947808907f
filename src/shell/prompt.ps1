# The prompt: before what the prompt shows, and only while a profile is active.
if (-not (Test-Path Variable:global:_rolecall_prompted)) {
    $global:_rolecall_prompted = $function:prompt
    function global:prompt {
        $status = $global:LASTEXITCODE
        $segment = ''
        if ($env:ROLECALL_PROFILE -or $env:AWS_PROFILE -or $env:AWS_DEFAULT_PROFILE) {
            $program = @(Get-Command -Name rolecall -CommandType Application -ErrorAction SilentlyContinue)
            if ($program.Count -gt 0) {
                $before = [Console]::OutputEncoding
                _rolecall_read_as ([Text.UTF8Encoding]::new($false))
                try {
                    $segment = & $program[0].Source --quiet prompt --shell powershell 2>$null
                } finally {
                    _rolecall_read_as $before
                }
            }
            if ($segment) { $segment = "$segment " }
        }
        $global:LASTEXITCODE = $status
        "$segment$(& $global:_rolecall_prompted)"
    }
}

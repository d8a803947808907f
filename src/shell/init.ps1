# The shell side of rolecall for PowerShell. In $PROFILE: Invoke-Expression (& rolecall init powershell | Out-String)
# Packages and archives have it as a file too, which needs no process: . /usr/share/rolecall/shell/rolecall.ps1

# Sets the encoding in which PowerShell reads what programs print. Without a console there is none to set.
function global:_rolecall_read_as($encoding) {
    try { [Console]::OutputEncoding = $encoding } catch { }
}

# `use` changes this shell; every other verb goes straight through. PowerShell keeps a bare -- from a function: `exec PROFILE CMD` needs none.
Remove-Item -Path Alias:rolecall -Force -ErrorAction SilentlyContinue
function global:rolecall {
    $program = @(Get-Command -Name rolecall -CommandType Application -ErrorAction Stop)[0].Source
    $skip = $false
    $verb = ''
    foreach ($word in $args) {
        if ($skip) { $skip = $false; continue }
        if ("$word" -eq '--color') { $skip = $true; continue }
        if ("$word".StartsWith('-')) { continue }
        $verb = "$word"
        break
    }
    # A function gets a,b as a list. A program gets it as it is typed.
    for ($at = 0; $at -lt $args.Count; $at++) {
        if ($args[$at] -is [array]) { $args[$at] = $args[$at] -join ',' }
    }
    if ($verb -ceq 'use') {
        _rolecall_eval $program $args
        return
    }
    $before = [Console]::OutputEncoding
    # Windows PowerShell reads in the code page of the console and writes ASCII. A shell that is started has the console as it is.
    if ($verb -cne 'shell') {
        $OutputEncoding = [Text.UTF8Encoding]::new($false)
        _rolecall_read_as $OutputEncoding
    }
    try {
        if ($MyInvocation.ExpectingInput) {
            $input | & $program @args
        } else {
            & $program @args
        }
    } finally {
        _rolecall_read_as $before
    }
}

# Evaluates what the program prints, unless that is help.
function global:_rolecall_eval($program, $arguments) {
    $before = [Console]::OutputEncoding
    $env:ROLECALL_INIT = "powershell $PID"
    _rolecall_read_as ([Text.UTF8Encoding]::new($false))
    try {
        $lines = @(& $program @arguments)
    } finally {
        _rolecall_read_as $before
        $env:ROLECALL_INIT = $null
    }
    $status = $LASTEXITCODE
    if ($lines.Count -gt 0 -and $lines[0] -ceq '# rolecall') {
        Invoke-Expression ($lines -join "`n")
    } else {
        $lines
    }
    $global:LASTEXITCODE = $status
}

# Before each prompt: renews keys that end soon. Starts a process only when it is time.
function global:_rolecall_hook {
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    if ($env:ROLECALL_RENEW_AT -match '^[0-9]{1,15}$' -and $now -ge [long]$env:ROLECALL_RENEW_AT) {
        # First of all: whatever becomes of it, the next prompt does not try again.
        $env:ROLECALL_RENEW_AT = "$($now + 120)"
        $status = $global:LASTEXITCODE
        try {
            $program = @(Get-Command -Name rolecall -CommandType Application -ErrorAction SilentlyContinue)
            if ($program.Count -gt 0) {
                _rolecall_eval $program[0].Source @('use', '--renew')
            }
        } catch { }
        $global:LASTEXITCODE = $status
    }
}

if (-not (Test-Path Variable:global:_rolecall_hooked)) {
    $global:_rolecall_hooked = $function:prompt
    function global:prompt {
        _rolecall_hook
        & $global:_rolecall_hooked
    }
}

# A new shell starts clean of what another shell's `use` exported, unless that said --keep. A script's shell keeps it.
if ($env:ROLECALL_SHELL -and $env:ROLECALL_SHELL -notin @('keep', "$PID")) {
    $script = [Environment]::GetCommandLineArgs() | Where-Object { $_ -match '^[-/](c|f|e|ec|noni|command|commandwithargs|file|encodedcommand|noninteractive)$' }
    if (-not $script) {
        rolecall --quiet use --off
    }
}

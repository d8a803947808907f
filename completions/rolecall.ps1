# Completions of rolecall for PowerShell. In $PROFILE: rolecall completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName rolecall -ScriptBlock {
    param($word, $ast, $cursor)
    $program = Get-Command rolecall -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $program) { return }
    $before = @()
    $current = ''
    foreach ($element in $ast.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursor) { break }
        $text = if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value } else { $element.Extent.Text }
        if ($element.Extent.EndOffset -ge $cursor) { $current = $text } else { $before += $text }
    }
    $encoding = [Console]::OutputEncoding
    try {
        # Without a console there is none to set.
        try { [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false) } catch { }
        $answer = @(& $program __complete powershell '--' @before "=$current" 2>$null)
    } finally {
        try { [Console]::OutputEncoding = $encoding } catch { }
    }
    if ($answer.Count -gt 1 -and $answer[0] -eq 'command' -and $before.Count -eq 1 + $answer[1]) {
        return [System.Management.Automation.CompletionCompleters]::CompleteCommand($current)
    }
    # Where nothing is returned, PowerShell offers files.
    if ($answer.Count -eq 0 -or $answer[0] -ne 'values') { return }
    $answer | Select-Object -Skip 1 | ForEach-Object {
        $text, $shown, $description = $_ -split "`t", 3
        if (-not $shown) { $shown = $text }
        if (-not $description) { $description = $shown }
        [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $description)
    }
}

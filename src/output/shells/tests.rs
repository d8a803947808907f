use super::*;

fn line(shell: Shell, value: Option<&str>) -> String {
    render_shell(shell, &[Variable { name: "X", value, secret: true }]).unwrap()
}

#[test]
fn shell_parses_from_name_path_or_login_name() {
    for (name, want) in [
        ("bash", Shell::Sh),
        ("-zsh", Shell::Sh),
        ("/bin/ksh93", Shell::Sh),
        ("bash-5.2", Shell::Sh),
        ("C:\\Program Files\\Git\\bin\\bash.exe", Shell::Sh),
        ("busybox", Shell::Sh),
        ("/usr/bin/fish", Shell::Fish),
        ("-csh", Shell::Tcsh),
        ("pwsh", Shell::PowerShell),
        ("pwsh-preview", Shell::PowerShell),
        ("PowerShell.EXE", Shell::PowerShell),
        ("cmd.exe", Shell::Cmd),
        ("nu", Shell::Nushell),
        ("elvish", Shell::Elvish),
        ("xonsh", Shell::Xonsh),
    ] {
        assert_eq!(Shell::parse(name), Some(want), "{name}");
    }
    for name in ["", "-", "/", "python3", "sshd", "93"] {
        assert_eq!(Shell::parse(name), None, "{name}");
    }
    for name in Shell::NAMES {
        assert!(Shell::parse(name).is_some(), "{name}");
    }
}

#[test]
fn values_are_quoted_in_syntax_of_each_shell() {
    for (shell, value, want) in [
        (Shell::Sh, "a'b$c`\n!", "export X='a'\\''b$c`\n!'\n"),
        (Shell::Sh, "", "export X=''\n"),
        (Shell::Fish, "a'b\\c\n$d", "set -gx X 'a\\'b\\\\c'\\n'$d';\n"),
        (Shell::Tcsh, "a!b'c\\\n", "setenv X 'a'\\!'b'\\''c'\\\\''$'\\n''';\n"),
        (Shell::PowerShell, "a'b$c`", "$env:X = 'a''b$c`'\n"),
        (Shell::PowerShell, "", "$env:X = ''\n"),
        (Shell::PowerShell, "\u{2019};\n", "$env:X = '' + [char]0x2019 + ';' + [char]0x000a\n"),
        (Shell::PowerShell, "\u{1f600}", "$env:X = '' + [char]0xd83d + [char]0xde00\n"),
        (Shell::Cmd, "a b&c|d^e%f%", "set \"X=a b&c|d^e%f%\"\n"),
        (Shell::Nushell, "a'\"\n", "{\n  \"X\": \"a'\\\"\\n\"\n}\n"),
        (Shell::Elvish, "a'b$c", "set-env X 'a''b$c'\n"),
        (
            Shell::Xonsh,
            "a'$\n\u{e9}\u{2019}\u{1f600}",
            "$X = 'a\\x27\\x24\\x0a\\xe9\\u2019\\U0001f600'\n",
        ),
    ] {
        assert_eq!(line(shell, Some(value)), want, "{shell:?}");
    }
}

#[test]
fn unset_variable_renders_in_syntax_of_each_shell() {
    for (shell, want) in [
        (Shell::Sh, "unset X\n"),
        (
            Shell::Fish,
            "if set -qg X; set -eg X; end; \
             if set -qUx X; echo 'rolecall: X is a universal variable and stays set; \
             to remove it: set -eU X' >&2; end;\n",
        ),
        (Shell::Tcsh, "unsetenv X;\n"),
        (Shell::PowerShell, "$env:X = $null\n"),
        (Shell::Cmd, "set \"X=\"\n"),
        (Shell::Nushell, "{\n  \"X\": null\n}\n"),
        (Shell::Elvish, "unset-env X\n"),
        (Shell::Xonsh, "${...}.pop('X', None)\n"),
    ] {
        assert_eq!(line(shell, None), want);
    }
}

#[test]
fn unrepresentable_variable_is_error_that_hides_value() {
    let all = Shell::NAMES.iter().filter_map(|n| Shell::parse(n));
    for (name, value) in [("X", "geheim\0"), ("X;id", "geheim"), ("", "geheim"), ("1X", "geheim")] {
        for shell in all.clone() {
            let vars = [Variable { name, value: Some(value), secret: true }];
            let text = render_shell(shell, &vars).unwrap_err().to_string();
            assert!(!text.contains("geheim"), "{text}");
        }
    }
    let long = "é".repeat(2000);
    assert!(
        render_shell(Shell::Tcsh, &[Variable { name: "X", value: Some(&long), secret: true }])
            .is_err()
    );
    for value in ["a\nb", "a\rb", "a\"&calc&\""] {
        let vars = [Variable { name: "X", value: Some(value), secret: true }];
        assert!(render_shell(Shell::Cmd, &vars).is_err());
    }
    assert!(
        !format!("{:?}", Variable { name: "X", value: Some("geheim"), secret: true })
            .contains("geheim")
    );
}

#[test]
fn variables_render_in_given_order() {
    let vars = [
        Variable { name: "B", value: Some("1"), secret: false },
        Variable { name: "A", value: None, secret: false },
    ];
    assert_eq!(render_shell(Shell::Sh, &vars).unwrap(), "export B='1'\nunset A\n");
    assert_eq!(
        render_shell(Shell::Nushell, &vars).unwrap(),
        "{\n  \"B\": \"1\",\n  \"A\": null\n}\n"
    );
    assert_eq!(render_shell(Shell::Nushell, &[]).unwrap(), "{}\n");
}

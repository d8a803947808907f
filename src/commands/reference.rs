//! What holds for every verb.

/// Where the settings are read unless a variable moves them.
#[cfg(not(windows))]
macro_rules! settings_file {
    () => {
        "~/.config/rolecall/settings.ini"
    };
}
#[cfg(windows)]
macro_rules! settings_file {
    () => {
        r"%APPDATA%\rolecall\settings.ini"
    };
}

/// Where the log is unless a variable moves it.
#[cfg(not(windows))]
macro_rules! log_file {
    () => {
        "~/.local/state/rolecall/log.jsonl"
    };
}
#[cfg(windows)]
macro_rules! log_file {
    () => {
        r"%LOCALAPPDATA%\rolecall\log.jsonl"
    };
}
pub(crate) use log_file;

/// Settings, environment and exit codes, at the end of `rolecall --help` and in the manual page
/// rolecall(1).
pub const REFERENCE: &str = concat!(
    "\
Settings:
  ",
    settings_file!(),
    " holds lines such as `log = false`:
  store                 where sessions are kept: keyring, keyutils, file or none
  sso_token_store       where the tokens of logins are: cache (~/.aws/sso/cache, for all programs) or \
keyring (the store)
  min_ttl               how long a cached session must live, as --min-ttl
  process_timeout       how long a credential_process or mfa_process may run (default: 60)
  lock_timeout          how long to wait for another process that gets credentials from the same \
keys (default: 5m30s)
  mfa_session_duration  how long a session with MFA lives, 15m to 36h (default: 12h; 0 for none)
  prompt                the ways to ask, in their order (default: process,seed,\
ykman,tty,pinentry,dialog)
  prompt_timeout        how long a person is waited for (default: 5m, for a login in the browser 10m)
  pinentry              the pinentry to ask with
  allow_yes             true: --yes may confirm what rolecall_confirm asks
  max_key_age           how old an access key in the store may be (default: 90d; 0 for any age)
  log                   false: what is handed out is not logged
  sso_login             when a login at IAM Identity Center starts by itself: always (also for \
SDKs), terminal (for a person there) or never (default: terminal)
  shell_renew           false: a shell does not renew the keys that it holds
  color, no_input, quiet
                        as the options
  The section [colors] has lines such as `*prod* = red` for names of profiles, [accounts] lines \
such as `222222222222 = Production`, and [console] says what opens the console, such as `browser = \
firefox-containers`.

Environment:
  AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_REGION and the others of the SDKs
  ROLECALL_STORE            the store, before the setting
  ROLECALL_FILE_PASSPHRASE  opens the store `file`
  ROLECALL_CONFIG           another settings.ini
  ROLECALL_PROMPT           the ways to ask, before the setting
  ROLECALL_NO_INPUT=1       as --no-input

Keys of a profile, besides those of AWS:
  mfa_process, mfa_yubikey_oath, mfa_session_duration, source_identity, session_tags, \
transitive_session_tags, policy_arns, description
  rolecall_access_key_id    the ID of long-term keys in the store (rolecall keys add)
  rolecall_hand_out_keys = true
                            hands out these keys themselves, not a session of theirs
  rolecall_confirm = true   asks before each new session
  rolecall_cache = false    keeps nothing of what its credential_process prints, nor what is made \
of it
  rolecall_synced           marks what `rolecall sso sync` made, by the name of the session

Keys of an [sso-session], besides those of AWS:
  rolecall_sync_name, rolecall_sync_region, rolecall_sync_only
                            what `rolecall sso sync` remembers of its options

Exit codes:
  0 done, 1 failed or denied by AWS, 2 usage, 3 configuration, 4 needs a person and none can be \
asked, 5 the store failed,
  130 interrupted; `exec` and `shell` pass on those of the command"
);

#[cfg(test)]
mod tests {
    use super::REFERENCE;
    use crate::settings::load;

    #[test]
    fn every_setting_of_reference_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.ini");
        let settings = REFERENCE.split("\n\n").next().unwrap();
        let lines = settings.lines().filter_map(|line| {
            line.strip_prefix("  ").filter(|line| line.starts_with(|c: char| c.is_lowercase()))
        });
        let keys: Vec<&str> =
            lines.flat_map(|line| line.split("  ").next().unwrap().split(", ")).collect();
        assert_eq!(keys.len(), 17, "{keys:?}");
        for key in keys {
            std::fs::write(&path, format!("{key} = ?\n")).unwrap();
            let read = load(&path);
            assert!(
                read.is_ok() || !read.unwrap_err().to_string().contains("is not known"),
                "{key}"
            );
        }
    }
}

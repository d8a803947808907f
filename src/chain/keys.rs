//! The names of the keys in the shared files, and the rule of the prefix.

/// Begins the keys that only rolecall reads, where an SDK would act on the plain one. The prefixed
/// key wins over the plain one.
pub const PREFIX: &str = "rolecall_";

pub const ROLE_ARN: &str = "role_arn";
pub const SOURCE_PROFILE: &str = "source_profile";
pub const CREDENTIAL_SOURCE: &str = "credential_source";
pub const EXTERNAL_ID: &str = "external_id";
pub const ROLE_SESSION_NAME: &str = "role_session_name";
pub const DURATION_SECONDS: &str = "duration_seconds";
pub const MFA_SERIAL: &str = "mfa_serial";
pub const WEB_IDENTITY_TOKEN_FILE: &str = "web_identity_token_file";

pub const ACCESS_KEY_ID: &str = "aws_access_key_id";
pub const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";
pub const SESSION_TOKEN: &str = "aws_session_token";
/// The session token's name in old botocore.
pub const SECURITY_TOKEN: &str = "aws_security_token";
/// When the session token ends, as tools write it that put sessions into the credentials file.
pub const TOKEN_EXPIRES: &str = "x_security_token_expires";
pub const ACCOUNT_ID: &str = "aws_account_id";

pub const CREDENTIAL_PROCESS: &str = "credential_process";
pub const LOGIN_SESSION: &str = "login_session";
pub const SSO_SESSION: &str = "sso_session";
pub const SSO_START_URL: &str = "sso_start_url";
pub const SSO_REGION: &str = "sso_region";
pub const SSO_REGISTRATION_SCOPES: &str = "sso_registration_scopes";
/// `true`: log in by a device code.
pub const SSO_USE_DEVICE_CODE: &str = "sso_use_device_code";
/// The port of this machine to which a login comes back.
pub const SSO_REDIRECT_PORT: &str = "sso_redirect_port";
pub const SSO_ACCOUNT_ID: &str = "sso_account_id";
pub const SSO_ROLE_NAME: &str = "sso_role_name";

pub const REGION: &str = "region";
pub const SERVICES: &str = "services";
pub const ENDPOINT_URL: &str = "endpoint_url";

// rolecall's own, which need no prefix because no SDK knows them.
pub const MFA_PROCESS: &str = "mfa_process";
pub const MFA_YUBIKEY_OATH: &str = "mfa_yubikey_oath";
pub const MFA_SESSION_DURATION: &str = "mfa_session_duration";
pub const SOURCE_IDENTITY: &str = "source_identity";
pub const SESSION_TAGS: &str = "session_tags";
pub const TRANSITIVE_SESSION_TAGS: &str = "transitive_session_tags";
pub const POLICY_ARNS: &str = "policy_arns";
/// The ID of long-term keys in the store; written with the prefix.
pub const STORED_KEY_ID: &str = "rolecall_access_key_id";
/// `true`: the stored keys themselves are handed out, not a session of theirs; written with the
/// prefix.
pub const HAND_OUT_KEYS: &str = "rolecall_hand_out_keys";
/// Asks before each new session; written with the prefix.
pub const CONFIRM: &str = "rolecall_confirm";
/// `false`: what the profile's process gives is not cached, nor what is made of it; written with
/// the prefix.
pub const CACHE: &str = "rolecall_cache";
/// Marks a profile that `rolecall sso sync` made, by the name of its session.
pub const SYNCED: &str = "rolecall_synced";
/// How `rolecall sso sync` names profiles, which region they get and which are made; in an
/// `[sso-session]`.
pub const SYNC_NAME: &str = "rolecall_sync_name";
pub const SYNC_REGION: &str = "rolecall_sync_region";
pub const SYNC_ONLY: &str = "rolecall_sync_only";
/// Marks what `rolecall write` put into a section of the credentials file.
pub const WRITTEN: &str = "rolecall_written";

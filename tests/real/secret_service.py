#!/usr/bin/env python3
"""The keyring store against a real gnome-keyring: kept, locked, stopped, silent, absent."""
import contextlib, json, os, signal, subprocess, time
import stored_keys
from desktop import Desktop, SilentBus, forbid_keyutils
from support import FakeAws, Home, PROD, case, main, profiles, shares_users_with_host, want, want_in, want_within

# A keyring in trouble must not be waited for: what waits by itself takes 25 s and more (D-Bus), and rolecall's own limits are
# one second for a look-up and two for a write. The rest is room for a machine that is busy with other things.
LIMIT = 10


def keys_of(home, profile):
    """The names under which a profile's sessions are kept, by the index."""
    with open(home.at(".local/state/rolecall/index.json")) as file:
        return [key for key, entry in json.load(file).items() if entry["profile"] == profile]


def assumed(fake):
    return len(fake.calls("AssumeRole"))


def works(home, fake, *options, calls=2, **more):
    """Gets credentials and returns stderr and the access key; counts the calls and the time."""
    fake.clear()
    done = home.rolecall("process", "prod", *options, **more)
    want(done.returncode, 0, done.stderr)
    want(assumed(fake), calls, "calls of AssumeRole (stderr: %s)" % done.stderr)
    want_within(done.took, LIMIT)
    return done.stderr, json.loads(done.stdout)["AccessKeyId"]


def works_from_keyutils(home, fake, cold):
    """The next call finds what this one left behind the keyring, but where the kernel keyring is not taken without being chosen."""
    if shares_users_with_host():
        return works(home, fake)[0]
    stderr, warm = works(home, fake, calls=0)
    want(warm, cold)
    return stderr


class Scene:
    """A home with profiles, a stand-in for AWS and a bus."""

    def __init__(self, keyring=True):
        self.home, self.fake = Home(), FakeAws()
        profiles(self.home, self.fake)
        self.desktop = Desktop(self.home)
        if keyring:
            self.desktop.start_keyring()

    def __enter__(self):
        return self.home, self.fake, self.desktop

    def __exit__(self, *error):
        for part in (self.desktop, self.fake, self.home):
            part.__exit__(*error)


@case
def a_cold_call_stores_and_a_warm_one_asks_nobody():
    with Scene() as (home, fake, desktop):
        stderr, cold = works(home, fake)
        want(stderr, "")
        [key] = keys_of(home, "prod")
        found = home.run("secret-tool", "lookup", "service", "rolecall", "username", key)
        want(json.loads(found.stdout)["AccessKeyId"], cold, "what secret-tool found")
        listed = home.run("secret-tool", "search", "service", "rolecall", "username", key)
        want_in(PROD, listed.stdout, "the label")
        stderr, warm = works(home, fake, calls=0)
        want((stderr, warm), ("", cold))
        # The whole answer, not only its key, survives.
        want(home.rolecall("process", "prod").stdout, home.rolecall("process", "prod").stdout)
        works(home, fake, "--no-cache")
        _, fresh = works(home, fake, "--refresh", calls=2)
        assert fresh != cold, "--refresh gave the old session"
        want(works(home, fake, calls=0)[1], fresh)


@case
def a_session_taken_out_of_the_keyring_is_fetched_anew():
    with Scene() as (home, fake, desktop):
        _, cold = works(home, fake)
        [key] = keys_of(home, "prod")
        home.run("secret-tool", "clear", "service", "rolecall", "username", key)
        _, again = works(home, fake, calls=1)
        assert again != cold
        # Garbage under our name is no session either.
        home.run("secret-tool", "store", "--label=x", "service", "rolecall", "username", key, input="garbage")
        works(home, fake, calls=1)
        works(home, fake, calls=0)


@case
def a_locked_keyring_costs_the_cache_not_the_credentials():
    with Scene() as (home, fake, desktop):
        _, cold = works(home, fake, "--store", "keyring")
        desktop.lock()
        stderr, fresh = works(home, fake, "--store", "keyring")
        assert fresh != cold
        # Said once, though it is met at each hop.
        want(stderr.count("is locked, so cached sessions are not used; unlock it, or choose another with --store\n"), 1, stderr)
        want(stderr.count("\n"), 2, stderr)
        want(works(home, fake, "--store", "keyring", "--quiet")[0], "")


@case
def a_locked_keyring_is_passed_over_by_default():
    with Scene() as (home, fake, desktop):
        desktop.lock()
        stderr, cold = works(home, fake, "-v")
        want_in("the store keyring cannot be used", stderr)
        want_in("trying keyutils", stderr)
        works_from_keyutils(home, fake, cold)


@case
def a_home_without_a_collection_still_gives_credentials():
    with Scene(keyring=False) as (home, fake, desktop):
        desktop.start_keyring(unlocked=False)
        works(home, fake, "--store", "keyring")
        works(home, fake)


@case
def a_killed_keyring_costs_the_cache_and_a_restarted_one_still_has_it():
    with Scene() as (home, fake, desktop):
        _, cold = works(home, fake, "--store", "keyring")
        desktop.stop_keyring()
        stderr, fresh = works(home, fake, "--store", "keyring")
        want_in("could not be kept in the store keyring", stderr)
        assert fresh != cold
        desktop.start_keyring()
        want(works(home, fake, "--store", "keyring", calls=0)[1], cold)


@case
def a_keyring_killed_while_it_is_asked_costs_the_cache_only():
    with Scene() as (home, fake, desktop):
        works(home, fake, "--store", "keyring")
        desktop.pause()
        fake.clear()
        asking = subprocess.Popen([home.program, "process", "prod", "--store", "keyring"], env=home.env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            asking.wait(0.3)
            raise AssertionError("it did not wait for the keyring")
        except subprocess.TimeoutExpired:
            pass
        desktop.stop_keyring()
        stdout, stderr = asking.communicate(timeout=LIMIT)
        want(asking.returncode, 0, stderr)
        want(json.loads(stdout)["Version"], 1)
        want(assumed(fake), 2)


@case
def a_keyring_that_falls_silent_costs_less_than_the_limit():
    with Scene() as (home, fake, desktop):
        works(home, fake, "--store", "keyring")
        desktop.pause()
        try:
            works(home, fake, "--store", "keyring")
            works(home, fake)
        finally:
            desktop.resume()


@case
def a_bus_that_accepts_and_stays_silent_costs_less_than_the_limit():
    with Home() as home, FakeAws() as fake, SilentBus(home):
        profiles(home, fake)
        stderr, _ = works(home, fake, "--store", "keyring", "-v")
        want_in("no answer within", stderr)
        stderr, cold = works(home, fake, "-v")
        want_in("trying keyutils", stderr)


@case
def no_bus_at_all_falls_back_to_keyutils():
    with Home() as home, FakeAws() as fake:
        profiles(home, fake)
        for address in (None, "", "unix:path=/nonexistent/bus", "tcp:host=localhost,port=1", "nonsense"):
            home.env.pop("DBUS_SESSION_BUS_ADDRESS", None)
            if address is not None:
                home.env["DBUS_SESSION_BUS_ADDRESS"] = address
            stderr, cold = works(home, fake, "-v", "--refresh")
            want_in("the store keyring cannot be used", stderr, repr(address))
            want_in("trying keyutils", stderr, repr(address))
            want(works_from_keyutils(home, fake, cold), "", "without -v")


@case
def a_bus_without_a_keyring_falls_back_to_keyutils():
    with Scene(keyring=False) as (home, fake, desktop):
        stderr, cold = works(home, fake, "-v")
        want_in("trying keyutils", stderr)
        works_from_keyutils(home, fake, cold)


@case
def without_keyring_and_keyutils_there_is_no_cache():
    with Home() as home, FakeAws() as fake:
        profiles(home, fake)
        for _ in range(2):
            stderr, _ = works(home, fake, "-v", preexec_fn=forbid_keyutils)
            want_in("the store keyring cannot be used", stderr)
            want_in("the store keyutils cannot be used", stderr)
            want_in("trying none", stderr)
        want(works(home, fake, preexec_fn=forbid_keyutils)[0], "", "without -v")


SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SERIAL = "arn:aws:iam::111111111111:mfa/bob"
GUARDED = ("[profile guarded]\nregion = eu-west-1\nrole_arn = arn:aws:iam::222222222222:role/mfa\nsource_profile = bob\n"
           "mfa_serial = %s\n" % SERIAL)


@case
def a_seed_in_the_keyring_answers_for_the_person():
    with Scene() as (home, fake, desktop):
        profiles(home, fake, GUARDED)
        want(home.rolecall("process", "guarded").returncode, 4, "without a seed")
        added = home.rolecall("keys", "mfa", "add", SERIAL, input=SEED)
        want(added.returncode, 0, added.stderr)
        assert SEED not in added.stdout + added.stderr
        done = home.rolecall("process", "guarded")
        want((done.returncode, done.stderr), (0, ""))
        # Any program of this kind could use what is kept.
        [name] = [line.split(" = ")[1] for line in home.run("secret-tool", "search", "--all", "service", "rolecall").stderr.splitlines()
                  if line.startswith("attribute.username = mfa-")]
        uri = home.run("secret-tool", "lookup", "service", "rolecall", "username", name).stdout
        want(uri, "otpauth://totp/Amazon%20Web%20Services:bob%40111111111111?secret=" + SEED + "&issuer=Amazon%20Web%20Services")
        want_in("label = rolecall: MFA seed of " + SERIAL, home.run("secret-tool", "search", "username", name).stdout)
        # The same seed again is no loss; another one is.
        want(home.rolecall("keys", "mfa", "add", SERIAL, input=SEED.lower()).returncode, 0)
        want(home.rolecall("keys", "mfa", "add", SERIAL, input="JBSWY3DPEHPK3PXP").returncode, 1)
        want(home.rolecall("keys", "mfa", "remove", SERIAL).returncode, 0)
        want(home.run("secret-tool", "lookup", "service", "rolecall", "username", name).stdout, "")
        want(home.rolecall("process", "guarded", "--refresh", "--duration", "15m").returncode, 4, "after the seed was removed")


@case
def a_locked_keyring_keeps_its_seeds_to_itself():
    with Scene() as (home, fake, desktop):
        profiles(home, fake, GUARDED)
        want(home.rolecall("keys", "mfa", "add", SERIAL, input=SEED).returncode, 0)
        desktop.lock()
        done = home.rolecall("process", "guarded")
        want(done.returncode, 4, done.stderr)
        want_in("the store keyring did not give the MFA seed of " + SERIAL, done.stderr)
        for words in (["add", SERIAL], ["remove", SERIAL]):
            done = home.rolecall("keys", "mfa", *words, input=SEED)
            want((done.returncode, done.stdout), (5, ""), done.stderr)
            want_in("locked", done.stderr)
        # What is known without the keyring is still told.
        want(json.loads(home.rolecall("keys", "mfa", "list", "--json").stdout)[0]["serial"], SERIAL)
        # A keyring that is silent or gone costs no more than its limit.
        desktop.pause()
        done = home.rolecall("process", "guarded")
        desktop.resume()
        want(done.returncode, 4, done.stderr)
        want_within(done.took, LIMIT)
        desktop.stop_keyring()
        want(home.rolecall("keys", "mfa", "add", SERIAL, input=SEED).returncode, 5)


STORED = "key-" + stored_keys.ID


def without_plain_keys(home, fake):
    """The config of `profiles`, and an empty credentials file."""
    profiles(home, fake)
    home.write(".aws/credentials", "")


@case
def long_term_keys_in_the_keyring_are_handed_out_as_sessions():
    with Scene() as (home, fake, desktop):
        without_plain_keys(home, fake)
        added = stored_keys.add(home, "kept")
        want((added.returncode, added.stdout), (0, ""), added.stderr)
        want(stored_keys.files_with_the_secret(home), [])
        session = home.key("kept")
        assert session.startswith("ASIA"), session
        want((home.key("kept"), len(fake.calls("GetSessionToken"))), (session, 1), "warm")
        found = home.run("secret-tool", "search", "service", "rolecall", "username", STORED)
        want_in("label = rolecall: long-term keys " + stored_keys.ID, found.stdout)
        [listed] = json.loads(home.rolecall("keys", "list", "--json").stdout)
        want((listed["profiles"], listed["store"], listed["user"]), (["kept"], "keyring", "bob"))
        # The daemon that comes after has what the one before kept.
        desktop.stop_keyring()
        desktop.start_keyring()
        assert home.key("kept", "--refresh") not in ("", session)
        want(stored_keys.export(home, "kept"), "%s\n%s\n" % (stored_keys.ID, stored_keys.SECRET))
        removed = home.rolecall("keys", "remove", "kept")
        want(removed.returncode, 0, removed.stderr)
        want(found_in(home, STORED), [False])
        want(home.rolecall("keys", "list", "--json").stdout, "[]\n")
        assert home.rolecall("process", "kept", "--no-cache").returncode != 0, "after the keys were removed"


@case
def a_keyring_in_trouble_keeps_its_long_term_keys():
    with Scene() as (home, fake, desktop):
        without_plain_keys(home, fake)
        want(stored_keys.add(home, "kept").returncode, 0)
        config = open(home.at(".aws/config")).read()

        def refuses(cause):
            for words in (["process", "kept"], ["keys", "remove", "kept"], ["process", "kept", "--long-term-keys"]):
                done = home.rolecall(*words)
                want((done.returncode, done.stdout), (5, ""), done.stderr)
                want_in(cause, done.stderr, " ".join(words))
                want_within(done.took, LIMIT)
            other = stored_keys.add(home, "other")
            want((other.returncode, other.stdout), (5, ""), other.stderr)
            want(open(home.at(".aws/config")).read(), config, "the profiles")
            # What is known without the keyring is still told.
            want_in(stored_keys.ID, home.rolecall("keys", "list").stdout)
        desktop.lock()
        refuses("cause: locked: ")
        desktop.pause()
        refuses("cause: no answer within ")
        desktop.resume()
        desktop.stop_keyring()
        refuses("cause: not available: ")
        desktop.start_keyring()
        assert home.key("kept").startswith("ASIA")
        # What somebody else took out of the keyring is named, and can be given again.
        home.run("secret-tool", "clear", "service", "rolecall", "username", STORED)
        gone = home.rolecall("process", "kept", "--no-cache")
        want(gone.returncode, 5, gone.stderr)
        want_in("no store has the secret of " + stored_keys.ID, gone.stderr)
        want_in("hint: add it: rolecall keys add kept --force", gone.stderr)
        want(stored_keys.add(home, "kept", "--force").returncode, 0)
        assert home.key("kept", "--no-cache").startswith("ASIA")


@case
def twenty_processes_at_once_make_each_call_once():
    with Scene() as (home, fake, desktop):
        started = [subprocess.Popen([home.program, "process", "prod"], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for _ in range(20)]
        answers = [process.communicate(timeout=30) for process in started]
        for process, (_, stderr) in zip(started, answers):
            want(process.returncode, 0, stderr)
        want(len({stdout for stdout, _ in answers}), 1, "different answers")
        want(assumed(fake), 2)


def found_in(home, *names):
    """Whether the keyring has something of ours under each of these names."""
    return [home.run("secret-tool", "lookup", "service", "rolecall", "username", name).returncode == 0 for name in names]


def clear(home, *arguments, code=0, **more):
    """Forgets sessions and returns stderr."""
    done = home.rolecall("sessions", "clear", *arguments, **more)
    want((done.returncode, done.stdout), (code, ""), done.stderr)
    want_within(done.took, LIMIT)
    return done.stderr


@case
def profiles_are_cleared_from_the_keyring_and_from_where_it_was_passed_over():
    with Scene() as (home, fake, desktop):
        works(home, fake)
        keys = keys_of(home, "prod") + keys_of(home, "dev")
        desktop.lock()
        works(home, fake, *(["--store", "keyutils"] if shares_users_with_host() else []))
        # The keyring keeps its part: that is no success.
        stderr = clear(home, "prod", "dev", "-v", code=5)
        want_in("error: sessions may be left in the store keyring", stderr)
        want_in("cause: keyring: locked: ", stderr)
        want_in("2 sessions are forgotten", stderr)
        works(home, fake)
        desktop.stop_keyring()
        desktop.start_keyring()
        want(found_in(home, *keys), [True, True], "before")
        want_in("2 sessions are forgotten", clear(home, "prod", "dev", "-v"))
        want(found_in(home, *keys), [False, False], "after")
        works(home, fake, "--store", "keyutils")
        want_in("2 sessions are forgotten", clear(home, "prod", "dev", "-v"))
        works(home, fake)


@case
def all_are_cleared_from_the_keyring_without_an_index_and_nothing_else_is():
    with Scene() as (home, fake, desktop):
        works(home, fake)
        keys = keys_of(home, "prod") + keys_of(home, "dev")
        more = ["%064x" % number for number in range(30)]
        others = ["mfa-seed", "0" * 63, "A" * 64, "0" * 65]
        for name in more + others:
            home.run("secret-tool", "store", "--label=x", "service", "rolecall", "username", name, input="x")
        home.run("secret-tool", "store", "--label=x", "service", "another", "username", "a" * 64, input="x")
        os.remove(home.at(".local/state/rolecall/index.json"))
        # Without the kernel's keyring, which is not this test's to clear.
        stderr = clear(home, "-v", preexec_fn=forbid_keyutils)
        want_in("32 sessions are forgotten", stderr)
        want(any(found_in(home, *keys, *more)), False, "sessions")
        want(all(found_in(home, *others)), True, "what is no session")
        want(home.run("secret-tool", "lookup", "service", "another", "username", "a" * 64).stdout, "x")
        want_in("no session", clear(home, "-v", preexec_fn=forbid_keyutils))


@case
def all_in_a_locked_keyring_stay_and_that_is_said():
    with Scene() as (home, fake, desktop):
        works(home, fake)
        [key] = keys_of(home, "prod")
        desktop.lock()
        for arguments in (["sessions", "clear"], ["logout"]):
            done = home.rolecall(*arguments, preexec_fn=forbid_keyutils)
            want(done.returncode, 5, done.stderr)
            want_in("hint: unlock it, then try again: rolecall sessions clear\n", done.stderr)
        want(len(json.loads(home.rolecall("sessions", "--json").stdout)), 2, "they are still listed")
        desktop.stop_keyring()
        desktop.start_keyring()
        clear(home, preexec_fn=forbid_keyutils)
        want(found_in(home, key), [False])
        want(home.rolecall("sessions", "--json").stdout, "[]\n")


@case
def an_interrupt_while_the_keyring_asks_its_user_ends_the_command():
    with Scene() as (home, fake, desktop):
        works(home, fake)
        want(home.rolecall("keys", "mfa", "add", SERIAL, input=SEED).returncode, 0)
        desktop.lock()
        desktop.start_a_prompter_that_stays_silent()
        for arguments in (["whoami", "prod"], ["sessions", "clear"], ["keys", "mfa", "add", SERIAL]):
            fake.clear()
            terminal, stderr = os.openpty()
            asking = subprocess.Popen([home.program, *arguments], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr)
            os.close(stderr)
            shown = ""
            while "answer its dialog" not in shown:
                shown += os.read(terminal, 4096).decode()
            asking.send_signal(signal.SIGINT)
            # Reading fails at the end of the last process on the terminal.
            with contextlib.suppress(OSError):
                while more := os.read(terminal, 4096).decode():
                    shown += more
            os.close(terminal)
            stdout, _ = asking.communicate(timeout=LIMIT)
            want((asking.returncode, stdout), (130, b""), shown)
            want_in("error: interrupted", shown)
            want(assumed(fake), 0)


@case
def a_keyring_that_does_not_answer_is_no_success_when_it_holds_something():
    with Scene() as (home, fake, desktop):
        works(home, fake)
        desktop.pause()
        try:
            want_in("keyring: no answer within", clear(home, "prod", code=5))
            want_in("keyring: no answer within", clear(home, code=5, preexec_fn=forbid_keyutils))
        finally:
            desktop.resume()
        desktop.stop_keyring()
        want_in("keyring: not available", clear(home, "prod", code=5))


@case
def a_keyring_that_is_not_there_and_never_was_is_no_failure():
    with Home() as home, FakeAws() as fake:
        profiles(home, fake)
        home.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent/bus"
        works(home, fake)
        want(clear(home, "prod", "dev"), "")
        works(home, fake, calls=2)
        with SilentBus(home):
            want_in("warning: the store keyring could not be looked into", clear(home, "prod", "dev"))


main()

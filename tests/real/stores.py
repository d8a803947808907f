#!/usr/bin/env python3
"""The other stores through the program: the kernel's keyrings with the quota of an ordinary user, and encrypted files. Whatever
goes wrong in a store costs the cache and a warning, never the credentials."""
import json, os, signal, stat, subprocess, time
import stored_keys
from desktop import forbid_keyutils
from support import FakeAws, Home, as_root, case, main, profiles, stranger, want, want_in, want_within

class Scene:
    def __init__(self, store, user=None, **env):
        self.home, self.fake = Home(user), FakeAws()
        profiles(self.home, self.fake)
        self.home.env.update(ROLECALL_STORE=store, **env)

    def __enter__(self):
        return self.home, self.fake

    def __exit__(self, *error):
        self.fake.__exit__(*error)
        self.home.__exit__(*error)


def assumed(fake):
    return len(fake.calls("AssumeRole"))


def works(home, fake, *options, calls, says="", **more):
    """Gets credentials; counts the calls; says what a warning must hold (nothing: there must be none)."""
    fake.clear()
    done = home.rolecall("process", *(options or ("prod",)), **more)
    want(done.returncode, 0, done.stderr)
    want(assumed(fake), calls, "calls of AssumeRole (stderr: %s)" % done.stderr)
    want_in(says, done.stderr) if says else want(done.stderr, "")
    want_within(done.took, 10)
    return json.loads(done.stdout)["AccessKeyId"]


def many(number):
    """An ad-hoc role, one of those that the stand-in has in numbers; the higher the number, the longer its session lives."""
    return ("--duration", str(1800 + 60 * number), "--role-arn", "arn:aws:iam::222222222222:role/many%d" % number, "--source-profile", "bob", "--region", "eu-west-1")


def index(home):
    with open(home.at(".local/state/rolecall/index.json")) as file:
        return json.load(file)


def own_keys(home):
    """Description and timeout of our keys, by serial number, as the kernel lists them to their user."""
    lines = [line.split(None, 8) for line in home.run("cat", "/proc/keys").stdout.splitlines()]
    return {int(line[0], 16): (line[8].split(": ")[0], line[3]) for line in lines if line[8].startswith("rolecall:")}


def used_keys(home):
    """How much of its quota of keys a user has used."""
    with open("/proc/key-users") as file:
        return sum(int(line.split()[3].split("/")[0]) for line in file if line.split(":")[0].strip() == str(home.user))


@case
def keyutils_is_shared_by_the_processes_of_one_user_only():
    with Scene("keyutils", stranger()) as (home, fake), Home(stranger()) as other:
        cold = works(home, fake, calls=2)
        want(works(home, fake, calls=0), cold)
        # In sessions of their own too, as those of cron, ssh and containers are.
        for wrapper in (["keyctl", "session", "-"], ["setsid", "--wait"]):
            fake.clear()
            done = home.run(*wrapper, home.program, "process", "prod")
            want(json.loads(done.stdout)["AccessKeyId"], cold, wrapper[0])
            want(assumed(fake), 0, wrapper[0])
        profiles(other, fake)
        other.env["ROLECALL_STORE"] = "keyutils"
        assert works(other, fake, calls=2) != cold


@case
def keyutils_forgets_a_session_when_it_ends():
    with Scene("keyutils", stranger()) as (home, fake):
        works(home, fake, "prod", "--duration", "15m", calls=2)
        keys = own_keys(home)
        want(len(keys), 2)
        for description, timeout in keys.values():
            # The kernel's own clock ends the key: `14m` or `59m`, never `perm`.
            assert timeout in ("14m", "15m", "59m", "60m", "1h"), "%s: %s" % (description, timeout)
        for serial in keys:
            home.run("keyctl", "timeout", str(serial), "1")
        time.sleep(1.5)
        works(home, fake, "prod", "--duration", "15m", calls=2)


@case
def keyutils_makes_room_when_the_quota_of_bytes_is_used_up():
    with Scene("keyutils", stranger()) as (home, fake):
        theirs = home.run("keyctl", "add", "user", "theirs", "x", "@u").stdout.strip()
        for number in range(30):
            works(home, fake, *many(number), calls=1)
            works(home, fake, *many(number), calls=0)
        kept = own_keys(home)
        assert 5 <= len(kept) < 30, "%d keys kept" % len(kept)
        # The latest are those that live longest.
        works(home, fake, *many(28), calls=0)
        works(home, fake, *many(0), calls=1)
        want(home.run("keyctl", "pipe", theirs).stdout, "x", "another program's key")


@case
def keyutils_makes_room_when_the_quota_of_keys_is_used_up():
    with Scene("keyutils", stranger()) as (home, fake):
        limit = int(open("/proc/sys/kernel/keys/maxkeys").read())
        home.run("sh", "-c", "i=0; while [ $i -lt %d ] && keyctl add user filler$i x @u; do i=$((i+1)); done" % (limit + 10))
        for number in range(3):
            home.run("sh", "-c", 'id=$(keyctl search @u user filler%d); keyctl revoke $id; keyctl unlink $id @u' % number)
        # The kernel gives their room back in its own time.
        end = time.monotonic() + 10
        while used_keys(home) > limit - 3:
            assert time.monotonic() < end, "%d keys are left" % used_keys(home)
            time.sleep(0.05)
        for number in range(4):
            works(home, fake, *many(number), calls=1)
            works(home, fake, *many(number), calls=0)


@case
def keyutils_full_of_other_programs_keys_costs_the_cache():
    with Scene("keyutils", stranger()) as (home, fake):
        home.run("sh", "-c", 'i=0; while head -c 3000 /dev/zero | tr "\\0" x | keyctl padd user filler$i @u >/dev/null 2>&1 && [ $i -lt 50 ]; do i=$((i+1)); done; '
                             'i=0; while head -c 200 /dev/zero | tr "\\0" x | keyctl padd user small$i @u >/dev/null 2>&1 && [ $i -lt 50 ]; do i=$((i+1)); done')
        for _ in range(2):
            works(home, fake, calls=2, says="could not be kept in the store keyutils: full: ")


@case
def keyutils_takes_nothing_that_others_wrote_for_a_session():
    with Scene("keyutils", stranger()) as (home, fake):
        cold = works(home, fake, calls=2)
        for description, _ in own_keys(home).values():
            home.run("sh", "-c", 'keyctl add user "$1" "no layout of ours" @u', "-", description)
        assert works(home, fake, calls=2) != cold
        works(home, fake, calls=0)


@case
def keyutils_forbidden_costs_the_cache():
    with Scene("keyutils") as (home, fake):
        for _ in range(2):
            works(home, fake, calls=2, says="could not be kept in the store keyutils", preexec_fn=forbid_keyutils)


def file_store(home, *names):
    return home.at(".local/share/rolecall/store", *names)


@case
def files_hold_sessions_encrypted_and_closed_to_others():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        cold = works(home, fake, calls=2)
        want(works(home, fake, calls=0), cold)
        printed = json.loads(home.rolecall("process", "prod").stdout)
        for folder, folders, files in os.walk(home.at(".local")):
            for name in folders:
                want(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077 if "rolecall" in os.path.join(folder, name) else 0, 0, name)
            for name in files:
                path = os.path.join(folder, name)
                want(stat.S_IMODE(os.stat(path).st_mode), 0o600, path) if not path.endswith(".lock") else None
                content = open(path, "rb").read()
                for secret in (printed["SecretAccessKey"], printed["SessionToken"], "pass\n"):
                    assert secret.encode() not in content, "%s holds a secret" % path
        names = sorted(os.listdir(file_store(home)))
        want(names, sorted(["identity.age", *("%s.age" % key for key in index(home))]))
        for name in names:
            want(open(file_store(home, name), "rb").read(22), b"age-encryption.org/v1\n", name)


@case
def files_take_the_passphrase_once_where_the_kernel_keeps_the_identity():
    with Scene("file", stranger(), ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        cold = works(home, fake, calls=2)
        del home.env["ROLECALL_FILE_PASSPHRASE"]
        want(works(home, fake, calls=0), cold)
        works(home, fake, *many(1), calls=1)
        works(home, fake, *many(1), calls=0)
        # Without the kernel's copy it is needed, and nobody can be asked.
        works(home, fake, calls=2, says="passphrase", preexec_fn=forbid_keyutils)


@case
def files_with_a_wrong_passphrase_cost_the_cache_and_change_nothing():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="right") as (home, fake):
        more = {"preexec_fn": forbid_keyutils}
        cold = works(home, fake, calls=2, **more)
        before = {name: open(file_store(home, name), "rb").read() for name in os.listdir(file_store(home))}
        for passphrase in ("wrong", "", None):
            env = {"ROLECALL_FILE_PASSPHRASE": passphrase} if passphrase is not None else {}
            if passphrase is None:
                del home.env["ROLECALL_FILE_PASSPHRASE"]
            works(home, fake, calls=2, says="passphrase", env=env, **more)
        after = {name: open(file_store(home, name), "rb").read() for name in os.listdir(file_store(home))}
        want(after, before)
        home.env["ROLECALL_FILE_PASSPHRASE"] = "right"
        want(works(home, fake, calls=0, **more), cold)


@case
def files_hold_long_term_keys_encrypted_and_hand_out_sessions():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        home.write(".aws/credentials", "")
        more = {"preexec_fn": forbid_keyutils}
        added = stored_keys.add(home, "kept", **more)
        want((added.returncode, added.stdout), (0, ""), added.stderr)
        want(stored_keys.files_with_the_secret(home), [])
        path = file_store(home, "key-%s.age" % stored_keys.ID)
        want(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        session = home.key("kept", **more)
        want((home.key("kept", **more), len(fake.calls("GetSessionToken"))), (session, 1), "warm")
        want(home.key("kept", "--long-term-keys", **more), stored_keys.ID)
        # Unlike a session, keys that cannot be read cannot be made anew.
        for passphrase in ("wrong", ""):
            done = home.rolecall("process", "kept", env={"ROLECALL_FILE_PASSPHRASE": passphrase}, **more)
            want((done.returncode, done.stdout), (5, ""), done.stderr)
            want_in("passphrase", done.stderr)
        want(stored_keys.export(home, "kept"), "%s\n%s\n" % (stored_keys.ID, stored_keys.SECRET))
        whole = open(path, "rb").read()
        for torn in (b"", b"garbage", whole[:-1]):
            with open(path, "wb") as file:
                file.write(torn)
            done = home.rolecall("process", "kept", "--no-cache")
            assert done.returncode and not done.stdout, "keys from a torn file: " + done.stdout
            want_in(stored_keys.ID, done.stderr)
        want(stored_keys.add(home, "kept", "--force").returncode, 0)
        want(home.key("kept", "--long-term-keys"), stored_keys.ID)
        removed = home.rolecall("keys", "remove", "kept")
        want(removed.returncode, 0, removed.stderr)
        want((os.path.exists(path), home.rolecall("keys", "list", "--json").stdout), (False, "[]\n"))


@case
def long_term_keys_are_refused_by_stores_that_forget():
    for store in ("keyutils", "none"):
        with Scene(store) as (home, fake):
            before = open(home.at(".aws/config")).read()
            done = stored_keys.add(home, "kept")
            want((done.returncode != 0, done.stdout), (True, ""))
            want_in("hint: ", done.stderr)
            want(open(home.at(".aws/config")).read(), before)


@case
def keys_that_are_added_and_killed_at_any_time_work_or_are_not_named():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        works(home, fake, calls=2)
        home.write(".aws/credentials", "")
        pair = home.write("pair", "%s\n%s\n" % (stored_keys.ID, stored_keys.SECRET))
        for milliseconds in range(0, 80, 4):
            with open(pair) as file:
                process = subprocess.Popen([home.program, "keys", "add", "kept", "--region", "eu-west-1"], env=home.env, stdin=file,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.kill()
            process.wait()
            if stored_keys.ID in open(home.at(".aws/config")).read():
                want(home.key("kept", "--long-term-keys"), stored_keys.ID, "after %d ms" % milliseconds)
                want(home.rolecall("keys", "remove", "kept").returncode, 0)
        want(stored_keys.add(home, "kept", "--force").returncode, 0)
        want(home.key("kept", "--long-term-keys"), stored_keys.ID)


@case
def files_that_are_torn_or_foreign_are_absent():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        works(home, fake, calls=2)
        [key] = [key for key, entry in index(home).items() if entry["profile"] == "prod"]
        path = file_store(home, key + ".age")
        whole = open(path, "rb").read()
        for torn in (b"", b"garbage", whole[:len(whole) // 2], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
            with open(path, "wb") as file:
                file.write(torn)
            works(home, fake, calls=1)
            works(home, fake, calls=0)
        with open(file_store(home, "identity.age"), "w") as file:
            file.write("garbage")
        works(home, fake, calls=2, says="is damaged")
        os.remove(file_store(home, "identity.age"))
        works(home, fake, calls=2)
        works(home, fake, calls=0)


@case
def files_where_nothing_can_be_written_cost_the_cache():
    with Scene("file", stranger(), ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        home.write("closed/x", "")
        as_root("chown", "-R", "root", home.at("closed"))
        as_root("chmod", "555", home.at("closed"))
        closed = {"XDG_DATA_HOME": home.at("closed")}
        works(home, fake, calls=2, says="could not be kept in the store file", env=closed)
        # Without the index, the locks or the caches the store itself still works.
        for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
            fake.clear()
            done = home.rolecall("process", "prod", "--refresh", env={name: home.at("closed")})
            want((done.returncode, assumed(fake)), (0, 2), "%s: %s" % (name, done.stderr))
        works(home, fake, calls=0)


@case
def no_store_keeps_nothing():
    with Scene("none") as (home, fake):
        for _ in range(2):
            works(home, fake, calls=2)
        # The log says what was handed out, and holds no secret.
        want([name for _, _, files in os.walk(home.at(".local")) for name in files], ["log.jsonl"])


@case
def sessions_end_by_the_clock():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        def later(minutes, *options, calls):
            fake.tell("offset %d" % (minutes * 60))
            fake.clear()
            done = home.run("faketime", "-f", "+%dm" % minutes, home.program, "process", *options)
            want(done.returncode, 0, done.stderr)
            want(assumed(fake), calls, "after %d minutes" % minutes)
        later(0, "prod", calls=2)
        later(44, "prod", calls=0)
        # Less than 15 minutes are left, which botocore would not be content with; the first hop's session will do.
        later(46, "prod", calls=1)
        later(46, "prod", "--duration", "15m", calls=1)
        later(50, "prod", "--duration", "15m", calls=0)
        # The dead ones go when something new is kept.
        later(200, "prod", calls=2)
        later(200, "prod", calls=0)
        want(len(index(home)), 2)
        want(len(os.listdir(file_store(home))), 3)


@case
def the_codes_of_a_seed_are_those_of_oathtool():
    serial = "arn:aws:iam::111111111111:mfa/bob"
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        seeds = ("GEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "gezd gnbv gy3t qojq ge")
        # The store is begun while the clock goes: scrypt is measured by it.
        want(home.rolecall("keys", "mfa", "add", serial, input=seeds[0]).returncode, 0)
        for seed in seeds:
            for algorithm, period in (("SHA1", 30), ("SHA256", 30), ("SHA512", 60)):
                plain = seed.replace(" ", "").upper()
                typed = "otpauth://totp/x?secret=%s&algorithm=%s&period=%d" % (plain, algorithm, period)
                if (algorithm, period) == ("SHA1", 30):
                    typed = seed
                for moment in ("2026-01-31 23:59:30", "2026-02-01 00:00:29", "2033-05-18 03:33:20"):
                    options = ["--totp=" + algorithm.lower(), "--time-step-size=%ds" % period, "--base32"]
                    theirs = [home.run("oathtool", *options, "--now=%s UTC - %d seconds" % (moment, back), plain).stdout for back in (period, 0)]
                    ours = home.run("faketime", "-f", moment, home.program, "keys", "mfa", "add", serial, "--force", input=typed,
                                    env={"TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
                    want(ours.stdout, "".join(theirs), "%s %s at %s: %s" % (algorithm, seed, moment, ours.stderr))


class Tmux:
    """A terminal that keeps what scrolled away."""

    def __init__(self, home, columns, rows, *argv):
        self.home = home
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), *argv)
        self.tmux("set-option", "-w", "remain-on-exit", "on")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def tmux(self, *arguments):
        done = self.home.run("tmux", "-S", self.home.at("tmux"), *arguments, env={"LC_ALL": "C.UTF-8", "TERM": "xterm"})
        want(done.returncode, 0, done.stderr)
        return done.stdout

    def shown_with(self, text):
        """Waits for a text and returns the screen and all above it."""
        end = time.monotonic() + 20
        while text not in (shown := self.tmux("capture-pane", "-p", "-J", "-S", "-")):
            assert time.monotonic() < end, "%r does not come: %s" % (text, shown)
            time.sleep(0.05)
        return shown


def picture(text):
    """The half blocks of a QR code, dark on light, as a PGM file with eight pixels for each module."""
    lines = [line for line in text.splitlines() if "\u2588" in line or "\u2580" in line or "\u2584" in line]
    width = max(map(len, lines)) + 8
    rows = [[1] * width] * 8
    for line in lines:
        line = line.ljust(width)
        rows += [[glyph not in ink for glyph in "    " + line[:width - 4]] for ink in ("\u2588\u2580", "\u2588\u2584")]
    rows += [[1] * width] * 8
    pixels = b"".join(bytes(255 * light for light in row for _ in range(8)) * 8 for row in rows)
    return b"P5 %d %d 255\n" % (width * 8, len(rows) * 8) + pixels


@case
def a_phone_reads_the_qr_code_and_nobody_after_it():
    seed, serial = "JBSWY3DPEHPK3PXP" * 4, "arn:aws:iam::111111111111:mfa/bob"
    for rows, left_above in ((40, False), (24, True)):
        with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
            with Tmux(home, 100, rows, home.program, "keys", "mfa", "add", serial) as terminal:
                terminal.shown_with("it is not shown")
                terminal.tmux("send-keys", seed, "Enter")
                shown = terminal.shown_with("Press Enter")
                with open(home.at("qr.pgm"), "wb") as file:
                    file.write(picture(shown))
                read = home.run("zbarimg", "--quiet", "--raw", home.at("qr.pgm"))
                want(read.stdout.strip(), "otpauth://totp/Amazon%20Web%20Services:bob%40111111111111?secret=" + seed + "&issuer=Amazon%20Web%20Services")
                terminal.tmux("send-keys", "Enter")
                shown = terminal.shown_with("enable-mfa-device")
                want(("\u2588" in shown, "clear its scrollback" in shown), (left_above, left_above), shown)
                want(seed in shown, False, shown)


def at_once(home, number, preexec_fn=None):
    started = [subprocess.Popen([home.program, "process", "prod"], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, preexec_fn=preexec_fn) for _ in range(number)]
    answers = [process.communicate(timeout=120) for process in started]
    for process, (_, stderr) in zip(started, answers):
        want((process.returncode, stderr), (0, ""))
    return {json.loads(stdout)["AccessKeyId"] for stdout, _ in answers}


@case
def twenty_processes_at_once_make_each_call_once():
    # Without the kernel's copy each takes 128 MiB to open the store.
    for store, number, forbidden in (("file", 20, None), ("file", 5, forbid_keyutils), ("keyutils", 20, None)):
        with Scene(store, ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
            want(len(at_once(home, number, forbidden)), 1, "different answers from %s" % store)
            want(assumed(fake), 2, store)


@case
def a_process_killed_at_any_time_leaves_a_store_that_works():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        works(home, fake, calls=2)
        for milliseconds in range(1, 60, 3):
            process = subprocess.Popen([home.program, "process", "prod", "--refresh"], env=home.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGKILL)
            process.wait()
            done = home.rolecall("process", "prod")
            want((done.returncode, done.stderr), (0, ""), "after %d ms" % milliseconds)
        works(home, fake, calls=0)


@case
def who_holds_the_lock_and_dies_holds_nobody_up():
    with Scene("file", ROLECALL_FILE_PASSPHRASE="pass") as (home, fake):
        works(home, fake, "dev", calls=1)
        fake.tell("fault AssumeRole 1 hang")
        stuck = subprocess.Popen([home.program, "process", "prod"], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.5)
        waiting = subprocess.Popen([home.program, "process", "prod"], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.5)
        want((stuck.poll(), waiting.poll()), (None, None), "ended early")
        stuck.kill()
        stdout, stderr = waiting.communicate(timeout=30)
        want(waiting.returncode, 0, stderr)
        stuck.communicate()


main()

import { Argument, Command, Option } from "commander";
import { release } from "./release.ts";

/** Adds the options that choose records, the same for every command that reads. */
function addSelection(command: Command): Command {
  return command
    .option("-s, --session <id...>", "sessions by id")
    .option("--run <uuid...>", "sessions started together")
    .option("-n, --name <pattern...>", "sessions by name, * for any characters")
    .option("--host <pattern...>", "sessions by host")
    .option("--label <key=value...>", "sessions by label");
}

function addFilter(command: Command): Command {
  return addSelection(command)
    .option("--from <time>", "first time: ISO 8601, or an age such as 5m, 2h")
    .option("--until <time>", "last time, not included")
    .option("-k, --kind <kind...>", "kinds (zone.begin) or families (zone)")
    .option("--lane <pattern...>", "lanes by name or number")
    .option("-w, --where <filter>", 'fields, for example: bytes > 4KiB and channel ~ "db"')
    .option("-t, --text <text>", "records whose message holds this");
}

/** THRESHOLDS of packages/record, which help need not load; program.test.ts compares them. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "off"];
/** LOCK_TRACES of packages/record, likewise. */
const TRACES = ["on", "off", "contention", "sampled"];

const server = () =>
  new Option(
    "--server <host:port>",
    "server to ask, https://host:port for TLS; else WAYWARD_SERVER, else 127.0.0.1:4610",
  );
const json = () => new Option("--json", "one JSON value a line, on stdout");

const all = () => new Option("--all", "also findings that are suppressed, marked");

/** Adds the options that choose what analyses run over. */
function addAnalysed(command: Command): Command {
  return addSelection(command)
    .option("--from <time>", "first time: ISO 8601, or an age such as 5m; blocks that touch it count whole")
    .option("--until <time>", "last time, not included")
    .addOption(server());
}

function allSessions(): Option {
  return new Option("--all", "also sessions in which analyses tell what they found (analysis/…)");
}

/** Adds the options of a command that runs analyses over sessions. */
function addAnalysis(command: Command): Command {
  return addAnalysed(command).addOption(json());
}

/** Adds the options that say whom a control topic's rule is for, the same for every topic. */
function addControl(command: Command): Command {
  return command
    .option("-n, --name <name>", "only sessions of this name")
    .option("-s, --session <id>", "only this session")
    .option("--clear", "take rules back: those that fit the options, else all", false)
    .option("--wait <seconds>", "longest wait until running sessions have applied it", "2")
    .addOption(json())
    .addOption(server());
}

/** Commands about locks. */
function addLocks(locks: Command): void {
  locks.description("what locks do, and how much of it is recorded");
  addControl(locks.command("trace"))
    .description("switch how much of locks running programs record; without a mode show it")
    .addArgument(new Argument("[mode]", "how much").choices(TRACES))
    .option("--class <pattern>", "the class of locks, * for any characters")
    .option("--one-in <count>", "of so many acquisitions one is recorded, where they are sampled; else 100")
    .action(async (mode, options) => (await import("./commands/locks/trace.ts")).locksTrace(mode, options));
  for (const [name, what] of [
    ["order", "orders in which locks hang, seen in runs that did not: inversions, contexts, waiting, tickets"],
    ["misuse", "locks, conditions, semaphores and barriers used wrongly; locks held over pauses"],
  ] as const) {
    addAnalysis(locks.command(name))
      .description(what)
      .addOption(all())
      .option("--live", "what is told of running programs, until Ctrl-C", false)
      .action(async (options) => (await import("./commands/locks/rules.ts")).locksRules(name, options));
  }
  addAnalysis(locks.command("waits"))
    .description("who waits for whom at the end of what is known, or at a time; deadlocks, long waits, dead owners")
    .addOption(all())
    .option("--at <time>", "then: ISO 8601, or an age such as 5m")
    .action(async (options) => (await import("./commands/locks/waits.ts")).locksWaits(options));
  addAnalysis(locks.command("stat"))
    .description("contention: lockstat's table, splat's, one lock in detail, or who blocks whom")
    .addOption(
      new Option("--view <view>", "which").choices(["lockstat", "splat", "detail", "blocked"]).default("lockstat"),
    )
    .option("--sort <key>", "splat's sort keys: a c e m s S w W (docs/lock-views.md); else S")
    .option("--lock <name>", "in detail: only this lock")
    .option("--top <count>", "how many rows", "20")
    .action(async (options) => (await import("./commands/locks/stat.ts")).locksStat(options));
  addAnalysis(locks.command("graph"))
    .description("which class is acquired while which is held, as a graph")
    .addOption(new Option("--format <format>", "for Graphviz, or a picture").choices(["dot", "svg"]).default("dot"))
    .option("-o, --output <file>", "file; else stdout")
    .action(async (options) => (await import("./commands/locks/graph.ts")).locksGraph(options));
  locks
    .command("replay")
    .description("judge the scenarios of a lock script (docs/lock-scripts.md)")
    .argument("<file>", "the script, - for stdin")
    .addOption(json())
    .action(async (file, options) => (await import("./commands/locks/replay.ts")).locksReplay(file, options));
}

/** Findings of the live analyses, and which findings are suppressed. */
function addFindings(findings: Command): void {
  addSelection(findings)
    .description("what the live analyses have found, and what of it is suppressed")
    .option("--live", "also what they find from now on, until Ctrl-C", false)
    .addOption(all())
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/findings/findings.ts")).findings(options));
  findings
    .command("suppress")
    .description("leave a finding out wherever findings are asked for, and pass it in checks")
    .argument("<fingerprint>", "32 hex digits, as findings show them")
    .option("--reason <text>", "why; needed")
    .option("--expires <when>", "last day or time (ISO 8601), or how long, such as 30d; else for ever")
    .option("--rule <rule>", "only of this rule")
    .option("--by <name>", "who says so")
    .addOption(json())
    .addOption(server())
    .action(async (fingerprint, options) =>
      (await import("./commands/findings/suppress.ts")).suppress(fingerprint, options),
    );
  findings
    .command("unsuppress")
    .description("take a suppression back")
    .argument("<fingerprint>", "32 hex digits")
    .addOption(json())
    .addOption(server())
    .action(async (fingerprint, options) =>
      (await import("./commands/findings/unsuppress.ts")).unsuppress(fingerprint, options),
    );
  findings
    .command("suppressions")
    .description("list what is suppressed, and what no longer is")
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/findings/suppressions.ts")).suppressions(options));
}

function keyFile(): Option {
  return new Option("--file <file>", "the file that WAYWARD_KEYS names; needed");
}

/** Keys that services ask for. */
function addKeys(keys: Command): void {
  keys.description("keys that services ask for (docs/operate/access.md)");
  keys
    .command("create")
    .description("print a new key, and add its hash to the services' file of keys; it is shown this once")
    .addOption(keyFile())
    .option("--scope <scope...>", "what it allows: ingest, read, delete, admin", ["ingest"])
    .option("--expires <when>", "last day or time (ISO 8601), or how long, such as 90d; else for ever")
    .option("--name <name>", "whose it is, for who reads the file")
    .addOption(json())
    .action(async (options) => (await import("./commands/keys/create.ts")).keysCreate(options));
  keys
    .command("list")
    .description("list whom the services' file of keys lets in: ids, scopes, until when, whose they are")
    .addOption(keyFile())
    .addOption(json())
    .action(async (options) => (await import("./commands/keys/list.ts")).keysList(options));
  keys
    .command("revoke")
    .description("take keys out of the services' file, which refuse them within a second")
    .argument("<id...>", "8 letters and digits, as `list` shows them and logs name them")
    .addOption(keyFile())
    .addOption(json())
    .action(async (ids, options) => (await import("./commands/keys/revoke.ts")).keysRevoke(ids, options));
}

/** The whole command line. A command's code is loaded when it runs: help is there at once. */
export function createProgram(): Command {
  const program = new Command("wayward")
    .description("Records what programs do: logs, threads, locks, zones, jobs, memory, files, databases.")
    .version(release().version, "-V, --version", "print the version")
    .enablePositionalOptions()
    .helpCommand(false);

  program
    .command("up")
    .description("run everything in one process: ingest, archive, query and stream")
    .option("--data <folder>", "where bus and archive are kept; else WAYWARD_DATA, else the user's data folder")
    .option("--host <address>", "address to listen on; else WAYWARD_HOST, else 127.0.0.1")
    .option("--port <port>", "gRPC port; else WAYWARD_PORT, else 4610")
    .option("--http-port <port>", "metrics and probes; else WAYWARD_HTTP_PORT, else 4611")
    .option(
      "--keep <size>",
      "size of the archive above which the oldest ended sessions go; else WAYWARD_KEEP, else 10GiB",
    )
    .addOption(json())
    .action(async (options) => (await import("./commands/up.ts")).up(options));

  program
    .command("run")
    .description("record a Node program that nobody has prepared, with the Node programs that it starts")
    .usage("[options] -- command [arguments...]")
    .argument("<command...>", "the program and its arguments")
    .option("--name <name>", "the session's name; else the program's")
    .option("--label <key=value...>", "labels of the session")
    .option("--spool <folder>", "keep blocks here until the server has them; else WAYWARD_SPOOL")
    .option("--capture", "also record query strings of requests", false)
    .addOption(server())
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (command, options) => (await import("./commands/run.ts")).run(command, options));
  program
    .command("collect")
    .description("push spools, and finish those of programs that died")
    .argument("[folder]", "the spool folder; else WAYWARD_SPOOL")
    .option("--once", "end when everything that is there has been accepted", false)
    .addOption(server())
    .action(async (folder, options) => (await import("./commands/collect.ts")).collectSpools(folder, options));

  addSelection(program.command("sessions"))
    .description("list sessions, newest first")
    .option("--limit <count>", "how many", "50")
    .addOption(allSessions())
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/sessions.ts")).sessions(options));

  addFilter(program.command("read"))
    .description("print records in order of time")
    .option("-r, --reverse", "newest first", false)
    .option("-l, --limit <count>", "how many")
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/read.ts")).read(options));

  addFilter(program.command("tail"))
    .description("print records as they happen, until Ctrl-C")
    .option("--first", "begin with the first record of the archive", false)
    .option("-l, --limit <count>", "end after so many")
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/tail.ts")).tail(options));

  addFilter(program.command("stats"))
    .description("count and sum by group; without --by an overview")
    .option("--by <group...>", "kind, family, session, host, lane, zone, channel, queue, lock, mode or a field")
    .option("--measure <what>", "duration, wait, hold or a field")
    .addOption(new Option("--sort <by>", "order").choices(["count", "sum", "max", "p99"]))
    .option("--top <count>", "how many groups", "20")
    .option("--scan", "read every record even where summaries would do", false)
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/stats.ts")).stats(options));

  addSelection(program.command("kinds"))
    .description("list the kinds of records, with their fields")
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/kinds.ts")).kinds(options));

  addControl(program.command("levels"))
    .description("switch the least level that channels of running programs record; without one show it")
    .addArgument(new Argument("[level]", "least level").choices(LEVELS))
    .option("--channel <name>", "the channel, with those below it")
    .action(async (level, options) => (await import("./commands/levels.ts")).levels(level, options));

  addLocks(program.command("locks"));

  addAnalysis(program.command("threads"))
    .description(
      "lanes with what they waited for; RUNNING is all that no record calls a wait. With --activity over time",
    )
    .option("--activity", "over time instead of by lane", false)
    .addOption(allSessions())
    .action(async (options) => (await import("./commands/threads.ts")).threads(options));

  addFindings(program.command("findings"));

  addAnalysed(program.command("check"))
    .description("run every analysis and fail on what it finds, for CI: exit code 5")
    .option("--fail-on <what...>", "severities (that and worse) and rules such as order.inversion or misuse.*", [
      "warning",
    ])
    .option("--baseline <file>", "findings that are accepted")
    .option("--write-baseline <file>", "accept the present findings: write them there, with the reasons it has already")
    .addOption(
      new Option("--format <format>", "shape of the report")
        .choices(["text", "json", "junit", "sarif"])
        .default("text"),
    )
    .action(async (options) => (await import("./commands/check.ts")).check(options));

  program
    .command("delete")
    .description("delete a session for ever")
    .argument("<session...>", "ids")
    .option("--force", "even if it is still open", false)
    .addOption(json())
    .addOption(server())
    .action(async (ids, options) => (await import("./commands/delete.ts")).deleteSessions(ids, options));

  addFilter(program.command("export"))
    .description("write records for other tools")
    .addOption(new Option("--format <format>", "shape").choices(["perfetto", "ndjson"]).default("perfetto"))
    .option("-o, --output <file>", "file; else stdout")
    .option("-l, --limit <count>", "how many records")
    .addOption(server())
    .action(async (options) => (await import("./commands/export.ts")).exportRecords(options));

  addKeys(program.command("keys"));

  program
    .command("doctor")
    .description("check every hop from here to the archive, and say what to do")
    .option("--metrics <host:port...>", "HTTP ports of the archivers; else port 4611 of a server on port 4610")
    .option("--cluster", "also NATS, the store and every service; --metrics names the HTTP ports of all of them")
    .option("--nats-monitor <url...>", "with --cluster: monitoring URLs of all NATS servers; else WAYWARD_NATS_MONITOR")
    .option("--store <url>", "with --cluster: the store to test; else WAYWARD_STORE")
    .addOption(json())
    .addOption(server())
    .action(async (options) => (await import("./commands/doctor.ts")).doctor(options));

  program
    .command("version")
    .description("print the version")
    .addOption(json())
    .action(async (options) => (await import("./commands/version.ts")).version(options));

  program
    .command("help")
    .description("show the help of a command")
    .argument("[command...]", "such as locks replay")
    .action((names: readonly string[]) => commandOf(program, names).help());

  speakAlike(program, "wayward", "(`wayward help` lists the commands)");
  return program;
}

/** The command of these names, one below the other. */
function commandOf(program: Command, names: readonly string[]): Command {
  let found = program;
  for (const name of names) {
    const inner = found.commands.find((command) => command.name() === name);
    if (inner === undefined) return found.error(`error: unknown command '${names.join(" ")}'`);
    found = inner;
  }
  return found;
}

/** What commander says of wrong usage sounds like all other errors, names the command's own help, and ends nothing by itself. */
function speakAlike(command: Command, path: string, hint = `(\`${path} --help\` tells more)`): void {
  command
    .exitOverride()
    .showHelpAfterError(hint)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "wayward: ")) });
  for (const inner of command.commands) speakAlike(inner, `${path} ${inner.name()}`);
}

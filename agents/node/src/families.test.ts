import { describe, expect, test } from "@jest/globals";
import { LIMITS } from "@wayward/block";
import { recorded } from "./testing/program.ts";

const kindsOf = (rows: readonly { readonly kind: string }[], family: string) =>
  rows.map(({ kind }) => kind).filter((kind) => kind.startsWith(family));

describe("bare records", () => {
  test("of a lock come back, every kind of the family", () => {
    const { rows, child } = recorded(`
      const outer = agent.lock("outer"); const lane = agent.lane("fibre one");
      const lock = agent.lock("pages", { instance: "7", scope: "host", shared: "/pages/7", waits: "spin" });
      lock.created(); lock.wait("shared", { subclass: 1, under: outer, ticket: 9n });
      lock.acquired("shared", { tried: true }); lock.upgraded(); lock.downgraded(); lock.tryFailed("exclusive");
      lock.timedOut("exclusive", "deadlock"); lock.handedOver(lane); lock.asserted("shared", true); lock.pinned();
      lock.unpinned(); lock.released("shared-recursive"); lock.destroyed();`);
    expect(child.stderr).toBe("");
    expect(kindsOf(rows, "lock.")).toEqual(
      "created wait acquired upgraded downgraded try-failed timed-out handed-over asserted pinned unpinned released destroyed"
        .split(" ")
        .map((name) => `lock.${name}`),
    );
    const of = (kind: string) => rows.find((row) => row.kind === kind)?.values;
    expect(of("lock.wait")).toMatchObject({ mode: "shared", subclass: 1n, under: "outer", ticket: 9n });
    expect(of("lock.acquired")).toMatchObject({ lock: "pages/7", mode: "shared", tried: true });
    expect(of("lock.timed-out")).toMatchObject({ mode: "exclusive", result: "deadlock" });
    expect(of("lock.handed-over")).toMatchObject({ to: "fibre one" });
    expect(of("lock.asserted")).toMatchObject({ mode: "shared", not: true });
    expect(of("lock.released")).toMatchObject({ mode: "shared-recursive" });
  });

  test("of tickets, joins, pauses and the process's exit come back", () => {
    const { rows, child } = recorded(`
      const ticket = agent.ticket(9n, "account"); const fibre = agent.lane("fibre");
      const outer = agent.lock("outer"), lock = agent.lock("account", { instance: "1", type: "ww" });
      ticket.begin();
      lock.wait("exclusive", { ticket: ticket.number, slow: true, nestTicket: 3n });
      lock.acquired("exclusive", { ticket: ticket.number, slow: true, nestTicket: 3n });
      lock.released(undefined, true);
      lock.timedOut("shared", "already", { ticket: 9, nestTicket: 3, slow: true, under: outer, subclass: 2 });
      ticket.done(); ticket.end(); fibre.join();
      agent.pause.await(1n); agent.pause.io(2n); agent.pause.sleep(3n); agent.pause.call(4n);
      agent.processExit(5);`);
    expect(child.stderr).toBe("");
    const own = rows.filter(({ kind }) => kind !== "thread.start").map(({ kind, values }) => ({ kind, ...values }));
    const nest = { ticket: 9n, nest_ticket: 3n, slow: true };
    expect(own).toEqual([
      { kind: "ticket.begin", ticket: 9n, class: "account" },
      { kind: "lock.wait", lock: "account/1", mode: "exclusive", ...nest },
      { kind: "lock.acquired", lock: "account/1", mode: "exclusive", ...nest },
      { kind: "lock.released", lock: "account/1", plain: true },
      {
        kind: "lock.timed-out",
        lock: "account/1",
        mode: "shared",
        result: "already",
        subclass: 2n,
        under: "outer",
        ...nest,
      },
      { kind: "ticket.done", ticket: 9n },
      { kind: "ticket.end", ticket: 9n },
      { kind: "thread.join", lane: "fibre" },
      { kind: "pause.await", duration: 1n },
      { kind: "pause.io", duration: 2n },
      { kind: "pause.sleep", duration: 3n },
      { kind: "pause.call", duration: 4n },
      { kind: "process.exit", code: 5n },
    ]);
  });

  test("of conditions, barriers, contexts, heaps, files and jobs come back", () => {
    const { rows, child } = recorded(`
      const full = agent.condition("full"); full.wait(agent.lock("queue")); full.woken("timeout"); full.signal(); full.broadcast();
      const all = agent.barrier("all"); all.wait(3); all.passed();
      const signal = agent.context("SIGALRM"); signal.mask(); signal.unmask(); signal.enter(); signal.exit();
      const heap = agent.memory("arena"); heap.created(); heap.alloc(1n, 64); heap.realloc(2n, 1n, 128);
      heap.refcount(2n, 1, 2); heap.free(2n); heap.reset(); heap.destroyed();
      const file = agent.io("/etc/hosts"); file.open(5n); file.read(10, 6n); file.write(10, 7n, "ENOSPC"); file.fsync(8n); file.close(9n);
      const mail = agent.queue("mail"); mail.enqueue(1n, 4, 50n); mail.reserve(1n); mail.start(1n, 3); mail.deadLetter(1n, "no address");
      agent.db("select ?", 10n, 1, { poolWait: 3n, lockWait: 2n, error: "busy" });`);
    expect(child.stderr).toBe("");
    expect(rows.map(({ kind }) => kind)).toEqual([
      ..."wait woken signal broadcast".split(" ").map((name) => `condition.${name}`),
      ..."wait passed".split(" ").map((name) => `barrier.${name}`),
      ..."mask unmask enter exit".split(" ").map((name) => `context.${name}`),
      ..."heap-new alloc realloc refcount free arena-reset heap-destroy".split(" ").map((name) => `memory.${name}`),
      ..."open read write fsync close".split(" ").map((name) => `io.${name}`),
      ..."enqueue reserve start dead-letter".split(" ").map((name) => `job.${name}`),
      "db.query",
    ]);
    const of = (kind: string) => rows.find((row) => row.kind === kind)?.values;
    expect(of("condition.wait")).toMatchObject({ condition: "full", with: "queue" });
    expect(of("condition.woken")).toMatchObject({ result: "timeout" });
    expect(of("barrier.wait")).toMatchObject({ barrier: "all", count: 3n });
    expect(of("job.enqueue")).toMatchObject({ depth: 4n, delay: 50n });
    expect(of("db.query")).toMatchObject({ pool_wait: 3n, lock_wait: 2n, rows: 1n, error: "busy" });
  });
});

test("locks for asynchronous code tell tries, time-outs and downgrades, and stay fair", () => {
  const { rows, child } = recorded(`
    const table = agent.rwlock("table"); const writing = await table.write();
    console.log(table.tryRead(), await table.read(5).catch(({ reason }) => reason));
    const reading = table.read(); writing.downgrade(); (await reading).release(); writing.release(); writing.release();
    table.tryWrite().release();
    const one = agent.semaphore("one", 1); const held = one.tryAcquire();
    console.log(one.tryAcquire(), await one.acquire(5).catch(({ reason }) => reason)); held.release();
    const mutex = agent.mutex("m"); console.log(await mutex.run(() => mutex.tryAcquire()));`);
  expect(child.stderr).toBe("");
  expect(child.stdout).toBe("undefined LOCK_TIMEOUT\nundefined LOCK_TIMEOUT\nundefined\n");
  expect(
    rows.filter(({ values }) => values.lock === "table").map(({ kind, values }) => `${kind} ${values.mode}`),
  ).toEqual([
    "lock.created undefined",
    "lock.acquired exclusive",
    "lock.try-failed shared",
    "lock.wait shared",
    "lock.timed-out shared",
    "lock.wait shared",
    "lock.downgraded undefined",
    "lock.acquired shared",
    "lock.released shared",
    "lock.released shared",
    "lock.acquired exclusive",
    "lock.released exclusive",
  ]);
  expect(kindsOf(rows, "semaphore.")).toEqual(
    "acquired try-failed wait timed-out post".split(" ").map((name) => `semaphore.${name}`),
  );
});

describe("lanes", () => {
  test("have the names they are given, and hold what runs on them", () => {
    const { rows } = recorded(`
      agent.thread("event loop"); agent.note("own");
      const fibre = agent.lane("fibre"); fibre.run(() => { agent.note("on fibre"); setTimeout(() => agent.note("later"), 5); });
      await agent.task("mail", async () => { agent.thread("mail to ada"); agent.note("in task"); });
      setTimeout(() => fibre.exit(3), 20);`);
    const notes = rows.filter(({ kind }) => kind === "note.text").map(({ lane, values }) => `${lane}: ${values.text}`);
    expect(notes.sort()).toEqual(["event loop: own", "fibre: later", "fibre: on fibre", "mail to ada: in task"]);
    expect(rows.find(({ kind, lane }) => kind === "thread.exit" && lane === "fibre")?.values).toEqual({ code: 3n });
    expect(rows.filter(({ kind }) => kind === "thread.name").map(({ values }) => values.name)).toEqual([
      "event loop",
      "mail to ada",
    ]);
  });
});

describe("sites", () => {
  const work = `
    function serve() { agent.zone("serve", () => {}); return agent.lock("state"); }
    const state = serve(); serve();
    function take() {
      state.acquired(); }
    take(); take(); state.released();
    function say() { agent.log.info("hello"); } say();
    async function exclusive() { await agent.mutex("m").run(() => {}); } await exclusive();`;
  const sites = (options: string) =>
    recorded(work, { options }).rows.map(({ kind, site }) => `${kind} ${site.replace(/ \S*:/, " ")}`);

  test("tell function and line of zones, messages and locks", () => {
    const told = sites("{ sites: true }");
    // The body begins on line 3.
    expect(told).toContain("zone.begin serve 4");
    expect(told.filter((line) => line === "lock.acquired take 7")).toHaveLength(2);
    expect(told).toContain("log.message say 9");
    expect(told).toContain("lock.created exclusive 10");
    expect(told).toContain("lock.acquired exclusive 10");
  });

  test("are not there unless asked for", () => {
    expect(sites("").filter((line) => /\d/.test(line))).toEqual([]);
  });

  test("are looked up once for each name and order of locks, not for each event", () => {
    const { child } = recorded(
      `let captured = 0; const { captureStackTrace } = Error;
       Error.captureStackTrace = (...given) => { captured++; captureStackTrace(...given); };
       for (let n = 0; n < 1000; n++) agent.zone("same", () => agent.log.debug("same"));
       const lock = agent.lock("same"); for (let n = 0; n < 1000; n++) { lock.acquired(); lock.released(); }
       console.log(captured);`,
      { options: "{ sites: true }" },
    );
    expect(child.stdout).toBe("4\n");
  });
});

describe("a session's description", () => {
  test("keeps names and labels within what a server takes, cut between characters", () => {
    const { headers, child } = recorded("", {
      options: `{ name: "n\\u0007" + "ä".repeat(200), labels: { ["k".repeat(80)]: "€".repeat(100), b: "1", a: "2" } }`,
    });
    expect(child.stderr).toBe("");
    const { name, labels } = headers[0]!.description!;
    expect(name).toBe(`n ${"ä".repeat(127)}`);
    expect(labels).toEqual([
      { key: "a", value: "2" },
      { key: "b", value: "1" },
      { key: "k".repeat(64), value: "€".repeat(85) },
    ]);
  });

  test("has at most 64 labels, and long texts keep their length", () => {
    const { headers, rows } = recorded(`agent.note("x".repeat(100_000));`, {
      options: "{ labels: Object.fromEntries(Array.from({ length: 99 }, (_, n) => ['k' + n, 'v'])) }",
    });
    expect(headers[0]?.description?.labels).toHaveLength(64);
    expect(String(rows[0]?.values.text)).toHaveLength(LIMITS.valueBytes);
  });
});

import { expect, test } from "@jest/globals";
import { diskFinding } from "./disk.ts";

const look = (address: string, free: number, all: number) => ({
  address,
  metrics: `# TYPE wayward_disk_free_bytes gauge\nwayward_disk_free_bytes ${free}\nwayward_disk_bytes ${all}\n`,
});

test("doctor names the disk with the least room, and fails below a tenth", () => {
  const roomy = look("a:4611", 50e9, 100e9);
  expect(diskFinding([roomy, look("b:4611", 2.5e9, 20e9)])).toEqual({
    hop: "disk",
    ok: true,
    what: "the disk of b:4611 has 2.5 GB left, 12.5 % of it",
  });
  expect(diskFinding([look("b:4611", 1e9, 20e9), roomy])).toMatchObject({
    ok: false,
    what: "the disk of b:4611 has 1.0 GB left, 5.0 % of it",
    fix: expect.stringContaining("WaywardDiskFilling"),
  });
});

test("doctor says nothing of disks that nobody tells of, or can measure", () => {
  expect(diskFinding([{ address: "s3:4611", metrics: "wayward_ready 1\n" }, look("c:4611", 0, 0)])).toBeUndefined();
});

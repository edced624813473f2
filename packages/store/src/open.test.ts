import { describe, expect, test } from "@jest/globals";
import { parseStoreUrl } from "./open.ts";

describe("a store's URL", () => {
  test.each([
    ["file:///var/lib/x", { type: "folder", folder: "/var/lib/x" }],
    ["s3://bucket", { type: "s3", bucket: "bucket" }],
    [
      "s3://bucket?endpoint=http://host:9000&region=eu",
      { type: "s3", bucket: "bucket", endpoint: "http://host:9000", region: "eu" },
    ],
  ])("%s is read", (url, place) => {
    expect(parseStoreUrl(url)).toEqual({ value: place });
  });

  test.each([
    ["/var/lib/x", "not a URL such as file:///folder or s3://bucket"],
    ["ftp://x", "scheme is ftp:, known are file: and s3:"],
    ["file://host/x", "host is host, none is needed"],
    ["file:///a%2Fb", "must not include encoded"],
    ["s3://", "the bucket is missing"],
    ["s3://me:secret@bucket", "credentials belong into the environment"],
    ["s3://bucket?endpoint=http://me:secret@host", "credentials belong into the environment"],
    ["s3://bucket?endpoint=http%3A%2F%2Fme%3Asecret%40host", "credentials belong into the environment"],
    ["s3://bucket?endpoint=host:9000", "endpoint is no URL of http: or https:"],
  ])("%s is refused, and no login shown", (url, why) => {
    const { error } = parseStoreUrl(url);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "BAD_STORE_URL" });
    expect(error?.message).toContain(why);
    expect(JSON.stringify([error?.message, error?.facts])).not.toContain("secret");
  });
});

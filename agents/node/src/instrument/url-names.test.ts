import { describe, expect, test } from "@jest/globals";
import { UrlNames } from "./url-names.ts";

describe("names of requests", () => {
  test.each<[string, string, string]>([
    ["/users/17/orders/0198", "", "GET /users/:id/orders/:id"],
    ["/a/3f2b8c1e-0d4a-4e7b-9c1d-2a3b4c5d6e7f?x=1", "", "GET /a/:id"],
    ["/blob/9f86d081884c7d659a2feaa0c55ad015", "", "GET /blob/:id"],
    ["/api/v1/feed/deadbeef", "", "GET /api/v1/feed/deadbeef"],
    ["/x", "127.0.0.1:40123", "GET 127.0.0.1/x"],
    ["/x", "localhost:51000", "GET localhost/x"],
    ["/x", "[::1]:51000", "GET [::1]/x"],
    ["/x", "127.0.0.1:8080", "GET 127.0.0.1:8080/x"],
    ["/x", "shop.example:51000", "GET shop.example:51000/x"],
  ])("%s of %s is %s", (url, host, name) => {
    expect(new UrlNames(false).of("GET", url, host).name).toBe(name);
  });

  test("the text says what the name does not, with the query string only if it is asked for", () => {
    expect(new UrlNames(false).of("GET", "/tea?token=1")).toEqual({ name: "GET /tea", text: undefined });
    expect(new UrlNames(true).of("GET", "/tea?token=1")).toEqual({ name: "GET /tea", text: "GET /tea?token=1" });
    expect(new UrlNames(false).of("GET", "/tea/7?token=1", "127.0.0.1:40123")).toEqual({
      name: "GET 127.0.0.1/tea/:id",
      text: "GET 127.0.0.1:40123/tea/7",
    });
  });

  test("are bounded in number and length", () => {
    const names = new UrlNames(false);
    for (let word = 0; word < 2_000; word++) names.of("GET", `/w${word}`);
    expect(names.of("GET", "/one-more").name).toBe("GET /*");
    expect(names.of("GET", "/w7").name).toBe("GET /w7");
    expect(new UrlNames(false).of("GET", `/${"x".repeat(5_000)}`).text).toHaveLength(2_000);
  });
});

import { describe, expect, it } from "vitest";
import { isAllowed, outsidePolicy } from "./outside";

const noted: string[] = [];
const asked = (host: string): void => void noted.push(host);
const address = (url: string): string => `/api/outside?url=${encodeURIComponent(url)}`;

describe("the pictures that the server would fetch", () => {
  it("are those of hosts that it names, or of hosts below them", () => {
    const hosts = ["a.example", "*.B.example"];
    expect(["a.example", "x.b.example", "y.x.b.example"].every((host) => isAllowed(host, hosts))).toBe(true);
    const others = ["x.a.example", "b.example", "xb.example", "b.example.evil.test", "evil.test", ""];
    expect(others.some((host) => isAllowed(host, hosts))).toBe(false);
    expect(isAllowed("any.test", ["*"])).toBe(true);
    expect(isAllowed("any.test", [])).toBe(false);
  });

  it("come through this server, their whole address as one parameter", () => {
    const policy = outsidePolicy({ hosts: ["a.example"], offline: false }, address, asked);
    expect(policy.image("https://a.example/x?y=1&z")).toEqual({
      source: "/api/outside?url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1%26z",
    });
    expect(policy.image("http://a.example:443/x")).toHaveProperty("source");
    policy.asked?.("http://a.example:443/x");
    expect(noted).toEqual(["a.example"]);
  });

  it("are none of a server that is offline, of another host, or of another port", () => {
    const hosts = ["a.example"];
    expect(outsidePolicy({ hosts, offline: true }, address, asked).image("https://a.example/")).toEqual({
      refused: "offline",
    });
    const policy = outsidePolicy({ hosts, offline: false }, address, asked);
    expect(policy.image("https://b.example/")).toEqual({ refused: "host" });
    expect(policy.image("https://a.example.b.example/")).toEqual({ refused: "host" });
    expect(policy.image("https://a.example:8443/")).toEqual({ refused: "port" });
  });
});

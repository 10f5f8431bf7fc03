import { expect, test, vi } from "vitest";
import { postFile } from "./post-file";

/** The browser's own, as far as it is used: it answers at once with what the test says. */
function answering(status: number, responseText: string): void {
  class Request {
    upload = {};
    status = status;
    responseText = responseText;
    onload = (): void => {};
    onloadend = (): void => {};
    open(): void {}
    setRequestHeader(): void {}
    getResponseHeader = () => null;
    send(): void {
      this.onload();
      this.onloadend();
    }
  }
  vi.stubGlobal("XMLHttpRequest", Request);
}

const post = () => postFile("/api/attachments", new Headers(), new Blob(["RIFF"]), () => undefined);

test("whatever is answered to a file, the sending ends: also with no body, and with a status that is none", async () => {
  answering(204, "");
  expect((await post()).status).toBe(204);
  answering(507, '{"message": "full"}');
  expect(await (await post()).json()).toEqual({ message: "full" });
  answering(999, "");
  await expect(post()).rejects.toThrow(RangeError);
});

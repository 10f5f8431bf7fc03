/** A file on its way to the server. In: where to, and the file. Out: what was answered; meanwhile how much of it was sent. */

/** Fetch tells nothing of a body that is being sent, so this is the older way to do the same. */
export type PostFile = (
  address: string,
  headers: Headers,
  file: Blob,
  onSent: (bytes: number) => void,
  signal?: AbortSignal,
) => Promise<Response>;

export const postFile: PostFile = (address, headers, file, onSent, signal) =>
  new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    request.open("POST", address);
    request.responseType = "text";
    headers.forEach((value, name) => {
      request.setRequestHeader(name, value);
    });
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => done(Promise.resolve(request).then(answerOf)); // what throws there would otherwise be heard by nobody
    request.onerror = () => failed(new TypeError("The file could not be sent."));
    request.onabort = () => failed(signal?.reason ?? new DOMException("Aborted", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    if (signal?.aborted) {
      failed(signal.reason);
      return;
    }
    signal?.addEventListener("abort", abort);
    request.send(file);
  });

function answerOf(request: XMLHttpRequest): Response {
  const wait = request.getResponseHeader("Retry-After");
  const text = request.responseText;
  return new Response(text === "" ? null : text, {
    status: request.status,
    ...(wait === null ? {} : { headers: { "Retry-After": wait } }),
  });
}

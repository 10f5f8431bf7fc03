/** A picture that a person chose comes in; the same, small enough to be sent, goes out. Null: it is none, or damaged. */

/** Pixels of the longest side: no model of this family sees more. */
const LONGEST = 1540;
const QUALITIES = [0.92, 0.8, 0.65, 0.5, 0.35] as const;

export type Shrink = (bytes: ArrayBuffer, type: string, most: number) => Promise<Blob | null>;

/** `most`: bytes of what is sent. Photographs are always drawn anew: cameras note beside the pixels which way is up. */
export const shrunk: Shrink = async (bytes, type, most) => {
  const picture = await createImageBitmap(new Blob([bytes], { type })).catch(() => null);
  if (picture === null) return null;
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  if (scale === 1 && bytes.byteLength <= most && type !== "image/jpeg") return new Blob([bytes], { type });
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.fillStyle = "white"; // JPEG knows nothing transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob !== null && blob.size <= most) return blob;
  }
  return null;
};

/** A file as an address that holds it. */
export function written(blob: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

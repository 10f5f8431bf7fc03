import { render, screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { ApiFailure, type Reason } from "@/api/failure";
import type { Language } from "@/api/types";
import { TooltipProvider } from "@/components/tooltip";
import { LanguageContext } from "@/i18n";
import { furnish } from "@/test/dom";
import { UploadChip } from "./upload-chip";

beforeEach(() => furnish());

function refused(language: Language, name: string, values: Reason["values"]): string {
  const failure = new ApiFailure("In English, in bytes.", 409, "t", "conflict", null, null, [], { name, values });
  const upload = { key: "1", name: "été.png", size: 9, sent: 0, failure };
  const { unmount } = render(
    <TooltipProvider>
      <LanguageContext value={language}>
        <UploadChip upload={upload} onCancel={() => {}} onRetry={() => {}} />
      </LanguageContext>
    </TooltipProvider>,
  );
  const said = screen.getByRole("alert").textContent ?? "";
  unmount();
  return said.replace(/[\u202f\u00a0]/g, " ");
}

test("a file past what a person may keep is refused with sizes as the person's language writes them", () => {
  const values = { taken_bytes: 2 ** 31 - 2 ** 20, most_bytes: 2 ** 31 };
  const french = refused("fr", "files_full", values);
  expect(french).toMatch(
    /^Non transmis\. Vos images et vos sons occupent déjà 2 Go, .* les 2 Go que vous pouvez conserver/,
  );
  expect(refused("ja", "files_full", values)).toMatch(/すでに2 GBあり、このファイルを加えると上限の2 GBを超えます/);
  expect(refused("en", "files_full", values)).toContain("take 2 GB already");
});

test("a file that is too large, or of too many pixels, is refused with the limit", () => {
  expect(refused("fr", "file_too_large", { most_bytes: 5_242_880 })).toBe(
    "Non transmis. Le fichier est trop volumineux : la limite est de 5 Mo. Joignez-en un plus petit.",
  );
  expect(refused("ja", "image_too_many_pixels", { most: 40_000_000 })).toContain("上限は40,000,000画素です");
});

/** The shell around every page of a person who is signed in. In: the page. Out: rail beside it or as a drawer, palette, sheet, keys. */

import { useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useChanges } from "@/api/changes";
import { server } from "@/api/client";
import { keys, useSession } from "@/api/queries";
import { Dialog } from "@/components/dialog";
import { useT } from "@/i18n";
import { chooseNewChat } from "@/thread/new-chat";
import { sessionEnded } from "./ended";
import { focusWriting } from "./focus-writing";
import { HouseContext, type House as HouseParts } from "./house-context";
import { createKept, useKept } from "./kept";
import { OfflineBanner } from "./offline-banner";
import { Rail } from "./rail";
import { useWide } from "./use-media";
import { useShortcuts } from "./use-shortcuts";

const Palette = lazy(async () => ({ default: (await import("./palette")).Palette }));
const ShortcutsSheet = lazy(async () => ({ default: (await import("./shortcuts-sheet")).ShortcutsSheet }));

const keptRail = createKept("alize.rail", "shown");

/** Somebody else's house has nothing of this one's in it. */
export function House() {
  useGuard();
  const person = useSession().data?.account?.id ?? "";
  return <OnesHouse key={person} />;
}

function OnesHouse() {
  const t = useT();
  const wide = useWide();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const [rail, setRail] = useKept(keptRail);
  const [drawer, setDrawer] = useState(false);
  const [palette, setPalette] = useState(false);
  const [sheet, setSheet] = useState(false);
  const signedIn = useSession().data?.signed_in ?? false;
  useChanges(signedIn);
  const railShown = rail !== "hidden";

  const house = useMemo<HouseParts>(
    () => ({
      railShown,
      toggleRail: () => (wide ? setRail(railShown ? "hidden" : "shown") : setDrawer((open) => !open)),
      closeDrawer: () => setDrawer(false),
      openPalette: () => {
        setDrawer(false);
        setPalette(true);
      },
      openShortcuts: () => {
        setDrawer(false);
        setSheet(true);
      },
      newChat: () => {
        // A temporary chat has no address: leaving it for a new one is leaving its choice.
        chooseNewChat(cache, { temporary: false });
        void navigate({ to: "/" }).then(focusWriting);
      },
    }),
    [railShown, wide, setRail, navigate, cache],
  );
  useShortcuts({
    palette: () => setPalette((open) => !open),
    newChat: house.newChat,
    toggleRail: house.toggleRail,
    sheet: () => setSheet((open) => !open),
    write: () => document.getElementById("composer")?.focus(),
  });
  return (
    <HouseContext value={house}>
      <div className="house flex h-dvh min-h-0 flex-col print:block">
        <button
          type="button"
          onClick={() => document.getElementById("main")?.focus()}
          className="not-printed sr-only z-50 rounded-2 bg-surface px-4 py-2 shadow-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          {t("shell.skip")}
        </button>
        <OfflineBanner />
        <div className="flex min-h-0 flex-1 print:block">
          {wide && railShown && (
            <div className="rail not-printed flex-none border-line border-r">
              <Rail />
            </div>
          )}
          {!wide && (
            <Dialog open={drawer} onOpenChange={setDrawer} title={t("shell.rail")} hideTitle place="sheet">
              <Rail />
            </Dialog>
          )}
          <div className="flex min-w-0 flex-1 flex-col print:block">
            <Outlet />
          </div>
        </div>
      </div>
      <Suspense>
        {palette && <Palette open onOpenChange={setPalette} />}
        {sheet && <ShortcutsSheet open onOpenChange={setSheet} />}
      </Suspense>
    </HouseContext>
  );
}

/** Signed out elsewhere, or the session ended: the guard of the routes (router.tsx) is asked again. */
function useGuard(): void {
  const cache = useQueryClient();
  const router = useRouter();
  const session = useSession().data;
  const lost = session !== undefined && !session.signed_in;
  const seen = useRef(false);
  useEffect(() => server.onSignedOut(() => void cache.invalidateQueries({ queryKey: keys.session })), [cache]);
  useEffect(() => {
    if (session?.signed_in) seen.current = true;
    if (!lost) return;
    if (seen.current) sessionEnded(cache);
    void router.invalidate();
  }, [lost, session, cache, router]);
}

/** Scenes that are parts. In: parts with their names. Out: a plain page with what parts need around them: cache, look, tooltips, notices. */
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ToastProvider } from "@/components/toast";
import { TooltipProvider } from "@/components/tooltip";
import { createCache } from "@/shell/app";
import { LookProvider } from "@/shell/look-provider";

export function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <QueryClientProvider client={createCache()}>
      <LookProvider>
        <TooltipProvider>
          <ToastProvider>
            <main className="h-full overflow-y-auto px-4 pb-8 md:px-6">
              <div className="mx-auto grid max-w-measure grid-cols-1 gap-8 py-6">
                <h1 className="font-[620] text-20">{title}</h1>
                {children}
              </div>
            </main>
          </ToastProvider>
        </TooltipProvider>
      </LookProvider>
    </QueryClientProvider>
  );
}

export function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="grid min-w-0 grid-cols-1 gap-3">
      <h2 className="font-[550] text-12 text-ink-3">{name}</h2>
      {children}
    </section>
  );
}

export function Row({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-3">{children}</div>;
}

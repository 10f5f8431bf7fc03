/** A conversation that has not begun. In: what to do with a suggestion. Out: what this place is for, and something to try. */
import { Suggestions } from "@/shell/suggestions";

export function EmptyThread({ onPick }: { onPick: (text: string) => void }) {
  return (
    <div className="mx-auto grid min-h-[60dvh] max-w-measure content-center py-6">
      <Suggestions onChoose={onPick} />
    </div>
  );
}

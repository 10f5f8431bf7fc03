/** What any part of the shell can ask of the whole. In: nothing. Out: whether the rail shows, and how to open what floats. */
import { createContext, useContext } from "react";

export interface House {
  /** The rail stands beside the page (wide) or was put away. */
  railShown: boolean;
  /** Beside the page where there is room, as a drawer where not. */
  toggleRail: () => void;
  /** The drawer has done its work: something was chosen in it. */
  closeDrawer: () => void;
  openPalette: () => void;
  openShortcuts: () => void;
  /** A new chat, or back to the one that is begun. */
  newChat: () => void;
}

export const HouseContext = createContext<House | null>(null);

export function useHouse(): House {
  const house = useContext(HouseContext);
  if (house === null) throw new Error("This part of the page stands in the shell.");
  return house;
}

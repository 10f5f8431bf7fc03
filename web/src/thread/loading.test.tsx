import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { modelCard } from "@/test/model-card";
import { show, threadOf } from "@/test/thread";
import { AnswerState } from "./answer-state";
import { answer, question } from "./samples";
import { ThreadModel } from "./thread-context";

const COMING = answer("a", "q", { content: "", state: "running", run: "r" });

function coming(model: string) {
  const models = [modelCard("small"), modelCard("large", { state: "loading", loaded_percent: 30 })];
  const store = threadOf([question("q"), COMING], {}, [{ id: "r", message: "a" }]);
  show(
    store,
    <ThreadModel value={model}>
      <AnswerState message={COMING} onUndo={() => {}} />
    </ThreadModel>,
    models,
  );
}

test("an answer whose model is being loaded says how far that is", () => {
  coming("large");
  expect(screen.getByText("The model is being loaded: 30%")).toBeTruthy();
});

test("one whose model is awake reads", () => {
  coming("small");
  expect(screen.getByText("Reading the conversation")).toBeTruthy();
});

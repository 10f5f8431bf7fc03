/** What the page will show is waited for as long as a busy machine takes: a test that fails says what is wrong, not what was slow. */
import { configure } from "@testing-library/react";

configure({ asyncUtilTimeout: 10_000 });

"""The assistant. In: what a person says, kept first. Out: answers that go on whoever watches, committed before they are shown."""

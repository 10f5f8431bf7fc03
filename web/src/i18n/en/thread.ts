export const thread = {};

CREATE TABLE public.accounts (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    email character varying NOT NULL,
    name character varying NOT NULL,
    password character varying NOT NULL,
    language character varying NOT NULL,
    theme character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    disabled timestamp with time zone
);
CREATE TABLE public.alize_schema (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_keys (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    name character varying NOT NULL,
    prefix character varying NOT NULL,
    digest character varying NOT NULL,
    scopes character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    last_used timestamp with time zone,
    revoked timestamp with time zone,
    expires timestamp with time zone
);
CREATE TABLE public.attachments (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    name character varying NOT NULL,
    type character varying NOT NULL,
    bytes bigint NOT NULL,
    sha256 character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    touched timestamp with time zone NOT NULL
);
CREATE TABLE public.attempts (
    id character varying NOT NULL,
    key character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.conversations (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    title character varying NOT NULL,
    folded character varying NOT NULL,
    titled_by character varying NOT NULL,
    model character varying NOT NULL,
    settings character varying NOT NULL,
    leaf character varying,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    pinned timestamp with time zone,
    archived timestamp with time zone,
    deleted timestamp with time zone
);
CREATE TABLE public.invitations (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    workspace character varying NOT NULL,
    digest character varying NOT NULL,
    role character varying NOT NULL,
    name character varying NOT NULL,
    made_by character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    used timestamp with time zone,
    revoked timestamp with time zone
);
CREATE TABLE public.members (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    role character varying NOT NULL,
    created timestamp with time zone NOT NULL
);
CREATE TABLE public.message_attachments (
    workspace character varying NOT NULL,
    message character varying NOT NULL,
    attachment character varying NOT NULL
);
CREATE TABLE public.messages (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    conversation character varying NOT NULL,
    parent character varying,
    role character varying NOT NULL,
    content character varying NOT NULL,
    folded character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    attachments character varying NOT NULL,
    run character varying,
    model character varying NOT NULL,
    served_by character varying NOT NULL,
    state character varying NOT NULL,
    finish character varying,
    error character varying,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    seconds double precision NOT NULL,
    first_token_seconds double precision NOT NULL,
    "left" character varying NOT NULL,
    error_code character varying,
    thought character varying DEFAULT ''::character varying NOT NULL,
    thought_seconds double precision DEFAULT '0'::double precision NOT NULL,
    error_reason character varying,
    error_values character varying DEFAULT '{}'::character varying NOT NULL
);
CREATE TABLE public.objects (
    workspace character varying NOT NULL,
    sha256 character varying NOT NULL,
    data bytea NOT NULL
);
CREATE TABLE public.organizations (
    id character varying NOT NULL,
    name character varying NOT NULL,
    created timestamp with time zone NOT NULL
);
CREATE TABLE public.principals (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    name character varying NOT NULL,
    created timestamp with time zone NOT NULL
);
CREATE TABLE public.replays (
    workspace character varying NOT NULL,
    run character varying NOT NULL,
    data bytea NOT NULL
);
CREATE TABLE public.run_events (
    workspace character varying NOT NULL,
    run character varying NOT NULL,
    seq bigint NOT NULL,
    data character varying NOT NULL,
    created timestamp with time zone NOT NULL
);
CREATE TABLE public.runs (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    conversation character varying NOT NULL,
    message character varying NOT NULL,
    state character varying NOT NULL,
    worker character varying NOT NULL,
    beat timestamp with time zone NOT NULL,
    seq bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    begun timestamp with time zone,
    ended timestamp with time zone,
    stop_asked timestamp with time zone
);
CREATE TABLE public.sessions (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    account character varying NOT NULL,
    digest character varying NOT NULL,
    user_agent character varying NOT NULL,
    address character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE TABLE public.usage (
    workspace character varying NOT NULL,
    id character varying NOT NULL,
    principal character varying NOT NULL,
    model character varying NOT NULL,
    endpoint character varying NOT NULL,
    prompt_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    outcome character varying NOT NULL,
    created timestamp with time zone NOT NULL,
    seconds double precision NOT NULL
);
CREATE TABLE public.workspaces (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    name character varying NOT NULL,
    created timestamp with time zone NOT NULL
);
INSERT INTO public.accounts VALUES ('acc_e9a9ecccb5ad21158fc39b47', 'org_1103eec5e983d7c1edc01200', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_29cdcc068573da93822a3ecc', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'prn_ceae75a2dbf1c73978b83c58', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0007');
INSERT INTO public.api_keys VALUES ('key_49b28c48680dc81f6cffc91a', 'org_1103eec5e983d7c1edc01200', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'admin', 'alz_4f0Zqa', '3d6bc963c51823fd366b499b45aeb5df5f13d1db440c8ae8035cc1b19b6c9d8e', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_2b3825d6da255160ff7679ba', 'org_1103eec5e983d7c1edc01200', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'admin', 'alz_4f0Zqa', 'bd898e3deefa09ce50f1fc9b93df8fbf9c41f0f99a3183a38693fea9502a1500', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_bc18509dbbe34bc9935ecbe2', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', 'admin', 'alz_4f0Zqa', '66b249a47860441e463cdcd277a0cf7f014a981a7d7e9bcc95e6243ffe4d6a78', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_ca4ca418febb964bd3787cf8', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', 'admin', 'alz_4f0Zqa', 'e1c480b0fbc686f58b2b581ab56bcf5e9a84d6e1a042119961028b1e817caf9e', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_668665c8dd6f1c74a6cb6032', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_79ab71f1e653a861294ac99a', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_4238ba379aafd486abb63b8c', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_00cfa86a1c6dd78a0212f25c', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('ca162888babe6fc51c5f0261b32b9af7', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '6d544ccb46cde3f3dffef98ed9324782', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('9e6f319f0ac133509cf2027b0152bbf4', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '098943581ef379386c583e30b6b120e7', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_c0500f79824c1a3f52e69d51', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_449e6ca356254e3b80e82a13', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_2ebb1c36fbc7a8afbc1c7900', 'org_1103eec5e983d7c1edc01200', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'owner', '2026-12-01 19:39:59.201597+00');
INSERT INTO public.members VALUES ('mem_a5aca5f228de665c9247efd5', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', 'owner', '2026-12-01 19:40:00.149808+00');
INSERT INTO public.members VALUES ('mem_42a982cf41b6a6823c5534cb', 'org_1103eec5e983d7c1edc01200', 'ws_6cf954207a39fc4ee0a65c59', 'prn_ceae75a2dbf1c73978b83c58', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.message_attachments VALUES ('ws_950efda0dd19bdc3fa53845b', 'cc016fb41ec29271854c69e3198f6973', 'att_668665c8dd6f1c74a6cb6032');
INSERT INTO public.message_attachments VALUES ('ws_6cf954207a39fc4ee0a65c59', '423dd1f6af212b3341c2da643e40afc0', 'att_79ab71f1e653a861294ac99a');
INSERT INTO public.messages VALUES ('ec271841b72a4753a55b6920c2875bc7', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('cc016fb41ec29271854c69e3198f6973', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_668665c8dd6f1c74a6cb6032"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('6d544ccb46cde3f3dffef98ed9324782', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', 'cc016fb41ec29271854c69e3198f6973', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', 'dab06dd96b6b852b61366f913b9d2161', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('5b4881b8533f8615fdbeb6b8972566d0', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', 'ec271841b72a4753a55b6920c2875bc7', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '5fba21a367260a0a11966a18b211fc0e', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('79c2f689ea1b1637288c8d118f65216a', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('423dd1f6af212b3341c2da643e40afc0', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_79ab71f1e653a861294ac99a"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('098943581ef379386c583e30b6b120e7', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', '423dd1f6af212b3341c2da643e40afc0', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '988557b88d3fcbbc76f7bbc433f6a2a7', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('6ae3ba91e3ea1b4d38c1c2920d2321cf', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', '79c2f689ea1b1637288c8d118f65216a', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'b6f37980cd0ac6f162d13444d5b9bff6', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.objects VALUES ('ws_950efda0dd19bdc3fa53845b', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.objects VALUES ('ws_6cf954207a39fc4ee0a65c59', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.organizations VALUES ('org_1103eec5e983d7c1edc01200', 'default', '2026-12-01 19:39:59.201597+00');
INSERT INTO public.principals VALUES ('prn_fa31cd0b40ddc676ac5ac87c', 'org_1103eec5e983d7c1edc01200', 'owner', '2026-12-01 19:39:59.201597+00');
INSERT INTO public.principals VALUES ('prn_449e6ca356254e3b80e82a13', 'org_1103eec5e983d7c1edc01200', 'Zoë O''Neill', '2026-12-01 19:40:00.149808+00');
INSERT INTO public.principals VALUES ('prn_ceae75a2dbf1c73978b83c58', 'org_1103eec5e983d7c1edc01200', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.replays VALUES ('ws_950efda0dd19bdc3fa53845b', '5fba21a367260a0a11966a18b211fc0e', '\x789cab564acb2fca4d2c51b2524accc9ac4ad52b4a2dc849ac54d2512a4b2d2acecccf53b232ac0500f9190cf5');
INSERT INTO public.replays VALUES ('ws_6cf954207a39fc4ee0a65c59', 'b6f37980cd0ac6f162d13444d5b9bff6', '\x789cab564acb2fca4d2c51b2524accc9ac4ad52b4a2dc849ac54d2512a4b2d2acecccf53b232ac0500f9190cf5');
INSERT INTO public.run_events VALUES ('ws_950efda0dd19bdc3fa53845b', '5fba21a367260a0a11966a18b211fc0e', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_950efda0dd19bdc3fa53845b', '5fba21a367260a0a11966a18b211fc0e', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_6cf954207a39fc4ee0a65c59', 'b6f37980cd0ac6f162d13444d5b9bff6', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_6cf954207a39fc4ee0a65c59', 'b6f37980cd0ac6f162d13444d5b9bff6', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('dab06dd96b6b852b61366f913b9d2161', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', '6d544ccb46cde3f3dffef98ed9324782', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('5fba21a367260a0a11966a18b211fc0e', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'ca162888babe6fc51c5f0261b32b9af7', '5b4881b8533f8615fdbeb6b8972566d0', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('988557b88d3fcbbc76f7bbc433f6a2a7', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', '098943581ef379386c583e30b6b120e7', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('b6f37980cd0ac6f162d13444d5b9bff6', 'ws_6cf954207a39fc4ee0a65c59', 'prn_449e6ca356254e3b80e82a13', '9e6f319f0ac133509cf2027b0152bbf4', '6ae3ba91e3ea1b4d38c1c2920d2321cf', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_fc676ae9ab5d9ce11bce01a7', 'ws_950efda0dd19bdc3fa53845b', 'prn_fa31cd0b40ddc676ac5ac87c', 'acc_e9a9ecccb5ad21158fc39b47', '77b3d612819429ad087c8170ab61d6af3a7957c129a57291c838730cefe58c5a', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_0e183627b1747ba476118888', 'ws_6cf954207a39fc4ee0a65c59', 'prn_ceae75a2dbf1c73978b83c58', 'acc_29cdcc068573da93822a3ecc', '99fb2123933107ec0b146fd44ca32ea21481037637f147358183fbe7ce3164d3', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_950efda0dd19bdc3fa53845b', 'r0', 'key_49b28c48680dc81f6cffc91a', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_950efda0dd19bdc3fa53845b', 'r1', 'key_49b28c48680dc81f6cffc91a', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_950efda0dd19bdc3fa53845b', 'r2', 'key_49b28c48680dc81f6cffc91a', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6cf954207a39fc4ee0a65c59', 'r0', 'key_bc18509dbbe34bc9935ecbe2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6cf954207a39fc4ee0a65c59', 'r1', 'key_bc18509dbbe34bc9935ecbe2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6cf954207a39fc4ee0a65c59', 'r2', 'key_bc18509dbbe34bc9935ecbe2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_950efda0dd19bdc3fa53845b', 'org_1103eec5e983d7c1edc01200', 'default', '2026-12-01 19:39:59.201597+00');
INSERT INTO public.workspaces VALUES ('ws_6cf954207a39fc4ee0a65c59', 'org_1103eec5e983d7c1edc01200', 'Atelier d''été', '2026-12-01 19:40:00.149808+00');
ALTER TABLE ONLY public.alize_schema
    ADD CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT pk_attachments PRIMARY KEY (id);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT pk_conversations PRIMARY KEY (id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT pk_invitations PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (id);
ALTER TABLE ONLY public.message_attachments
    ADD CONSTRAINT pk_message_attachments PRIMARY KEY (message, attachment);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT pk_messages PRIMARY KEY (id);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT pk_objects PRIMARY KEY (workspace, sha256);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT pk_organizations PRIMARY KEY (id);
ALTER TABLE ONLY public.principals
    ADD CONSTRAINT pk_principals PRIMARY KEY (id);
ALTER TABLE ONLY public.replays
    ADD CONSTRAINT pk_replays PRIMARY KEY (workspace, run);
ALTER TABLE ONLY public.run_events
    ADD CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT pk_usage PRIMARY KEY (workspace, id);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT pk_workspaces PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT uq_accounts_email UNIQUE (email);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT uq_accounts_principal UNIQUE (principal);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_digest UNIQUE (digest);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT uq_conversations_workspace_principal_id UNIQUE (workspace, principal, id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT uq_invitations_digest UNIQUE (digest);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT uq_members_workspace_principal UNIQUE (workspace, principal);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT uq_organizations_name UNIQUE (name);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT uq_runs_workspace_id UNIQUE (workspace, id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT uq_sessions_digest UNIQUE (digest);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name);
CREATE INDEX ix_accounts_workspace_created_id ON public.accounts USING btree (workspace, created, id);
CREATE INDEX ix_api_keys_workspace_created_id ON public.api_keys USING btree (workspace, created, id);
CREATE INDEX ix_attachments_touched ON public.attachments USING btree (touched);
CREATE INDEX ix_attachments_workspace_sha256 ON public.attachments USING btree (workspace, sha256);
CREATE INDEX ix_attempts_key_at ON public.attempts USING btree (key, at);
CREATE INDEX ix_conversations_deleted ON public.conversations USING btree (deleted);
CREATE INDEX ix_conversations_workspace_principal_updated_id ON public.conversations USING btree (workspace, principal, updated, id);
CREATE INDEX ix_invitations_workspace_created_id ON public.invitations USING btree (workspace, created, id);
CREATE INDEX ix_members_workspace_created_id ON public.members USING btree (workspace, created, id);
CREATE INDEX ix_message_attachments_attachment ON public.message_attachments USING btree (attachment);
CREATE INDEX ix_messages_workspace_principal_conversation_created_id ON public.messages USING btree (workspace, principal, conversation, created, id);
CREATE INDEX ix_runs_message ON public.runs USING btree (message);
CREATE INDEX ix_runs_state_beat ON public.runs USING btree (state, beat);
CREATE INDEX ix_runs_workspace_principal_conversation ON public.runs USING btree (workspace, principal, conversation);
CREATE INDEX ix_sessions_workspace_principal_last_seen ON public.sessions USING btree (workspace, principal, last_seen);
CREATE INDEX ix_usage_workspace_created_id ON public.usage USING btree (workspace, created, id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT fk_accounts_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT fk_accounts_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT fk_accounts_workspace_principal FOREIGN KEY (workspace, principal) REFERENCES public.members(workspace, principal);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_workspace_principal FOREIGN KEY (workspace, principal) REFERENCES public.members(workspace, principal);
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT fk_attachments_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT fk_attachments_workspace_sha256 FOREIGN KEY (workspace, sha256) REFERENCES public.objects(workspace, sha256);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT fk_invitations_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT fk_invitations_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_principal FOREIGN KEY (principal) REFERENCES public.principals(id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.message_attachments
    ADD CONSTRAINT fk_message_attachments_attachment FOREIGN KEY (attachment) REFERENCES public.attachments(id);
ALTER TABLE ONLY public.message_attachments
    ADD CONSTRAINT fk_message_attachments_message FOREIGN KEY (message) REFERENCES public.messages(id);
ALTER TABLE ONLY public.message_attachments
    ADD CONSTRAINT fk_message_attachments_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_parent FOREIGN KEY (parent) REFERENCES public.messages(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY (workspace, principal, conversation) REFERENCES public.conversations(workspace, principal, id);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT fk_objects_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.principals
    ADD CONSTRAINT fk_principals_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.replays
    ADD CONSTRAINT fk_replays_workspace_run FOREIGN KEY (workspace, run) REFERENCES public.runs(workspace, id);
ALTER TABLE ONLY public.run_events
    ADD CONSTRAINT fk_run_events_workspace_run FOREIGN KEY (workspace, run) REFERENCES public.runs(workspace, id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_conversation FOREIGN KEY (conversation) REFERENCES public.conversations(id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_message FOREIGN KEY (message) REFERENCES public.messages(id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_account FOREIGN KEY (account) REFERENCES public.accounts(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT fk_usage_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT fk_workspaces_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);

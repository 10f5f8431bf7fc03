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
INSERT INTO public.accounts VALUES ('acc_4e6448ea9290de31b6380a10', 'org_91830f01ad6450e00731d7c0', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_03fb538eda3c5f577753afa8', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'prn_99333093429fcd546f8b3a2e', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0006');
INSERT INTO public.api_keys VALUES ('key_7ea186989ad69ef13ae8d191', 'org_91830f01ad6450e00731d7c0', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'admin', 'alz_4f0Zqa', '216304b81bc1cc96b11f69b49e835b361ca4588114d5e35298fcbd887ef2783d', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_8bdea14799dc55c93ee52c24', 'org_91830f01ad6450e00731d7c0', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'admin', 'alz_4f0Zqa', '5895205870eaf9e1a80a762c09d6daebfa43cbb8ac34ade71778bdf10be7c4d4', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_aac45c7941306fb9e25d5d96', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', 'admin', 'alz_4f0Zqa', 'f4c7ebfb212c617df247e6aa0d6c7020c904ff64c9d9b28f436e371561c7b3f3', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_a56e6932657022db87783266', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', 'admin', 'alz_4f0Zqa', '190bdf64ef4c9ae856fbb300b537195eecfce59943deb600a3feb18a3d55f2d1', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_34e2cd704a9eb83e07c8d130', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_f98ab79247cba940f501eba5', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_d632991bcca72cb217770dbb', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_24e84147b4a2a5b6b64f5f1a', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('a9e63ffbd99cba0afdfc8ac88cdafd70', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', 'fb9cd78b0d2e21f82ae9339d3fcc28ff', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('6e47d24364ba73b7b20f61fcd9a16e54', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', 'ffe5787462bdc36b3d175b5dcfb54e0d', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_737581f8d488e30774e22c0c', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_30eaa015fdfcde5f098a9a3e', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_ae4de1d4272bae1e63223c5d', 'org_91830f01ad6450e00731d7c0', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'owner', '2026-11-30 09:05:25.437315+00');
INSERT INTO public.members VALUES ('mem_5b1343f99f712416b4cf79ad', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', 'owner', '2026-11-30 09:05:25.982443+00');
INSERT INTO public.members VALUES ('mem_b4a4309a03916df32c04a510', 'org_91830f01ad6450e00731d7c0', 'ws_16c8215a3c09514fe78d954e', 'prn_99333093429fcd546f8b3a2e', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.message_attachments VALUES ('ws_ca6f593ff37572b1d36eaf05', '647b43497c8f0648b46a530632315088', 'att_34e2cd704a9eb83e07c8d130');
INSERT INTO public.message_attachments VALUES ('ws_16c8215a3c09514fe78d954e', '3f47e4d8dbd8659e679589c87e4fb7c4', 'att_f98ab79247cba940f501eba5');
INSERT INTO public.messages VALUES ('4b0107b066322a72deccd8406e98ebd3', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('647b43497c8f0648b46a530632315088', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_34e2cd704a9eb83e07c8d130"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('fb9cd78b0d2e21f82ae9339d3fcc28ff', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', '647b43497c8f0648b46a530632315088', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '256bbe7bbf6bcaf3e22afb3ad8213b00', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('884ae24491b9a2446c5438ab974100ac', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', '4b0107b066322a72deccd8406e98ebd3', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '9e881c6d97ff7dbaecfaee084bc19bd4', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('9c2b141b2c03754c4acbd03a4c685ebb', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('3f47e4d8dbd8659e679589c87e4fb7c4', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_f98ab79247cba940f501eba5"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('ffe5787462bdc36b3d175b5dcfb54e0d', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', '3f47e4d8dbd8659e679589c87e4fb7c4', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '64efeeb626339175cf25a71ea6a869bb', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.messages VALUES ('0ea6c862fabaffe44484cbd178f00cf0', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', '9c2b141b2c03754c4acbd03a4c685ebb', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'dc0b179ad71cc5f5b3aee5a553e7b8c4', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0, NULL, '{}');
INSERT INTO public.objects VALUES ('ws_ca6f593ff37572b1d36eaf05', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.objects VALUES ('ws_16c8215a3c09514fe78d954e', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.organizations VALUES ('org_91830f01ad6450e00731d7c0', 'default', '2026-11-30 09:05:25.437315+00');
INSERT INTO public.principals VALUES ('prn_b3c4ecf0f3c7d4e2e6d84b89', 'org_91830f01ad6450e00731d7c0', 'owner', '2026-11-30 09:05:25.437315+00');
INSERT INTO public.principals VALUES ('prn_30eaa015fdfcde5f098a9a3e', 'org_91830f01ad6450e00731d7c0', 'Zoë O''Neill', '2026-11-30 09:05:25.982443+00');
INSERT INTO public.principals VALUES ('prn_99333093429fcd546f8b3a2e', 'org_91830f01ad6450e00731d7c0', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_ca6f593ff37572b1d36eaf05', '9e881c6d97ff7dbaecfaee084bc19bd4', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_ca6f593ff37572b1d36eaf05', '9e881c6d97ff7dbaecfaee084bc19bd4', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_16c8215a3c09514fe78d954e', 'dc0b179ad71cc5f5b3aee5a553e7b8c4', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_16c8215a3c09514fe78d954e', 'dc0b179ad71cc5f5b3aee5a553e7b8c4', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('256bbe7bbf6bcaf3e22afb3ad8213b00', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', 'fb9cd78b0d2e21f82ae9339d3fcc28ff', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('9e881c6d97ff7dbaecfaee084bc19bd4', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'a9e63ffbd99cba0afdfc8ac88cdafd70', '884ae24491b9a2446c5438ab974100ac', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('64efeeb626339175cf25a71ea6a869bb', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', 'ffe5787462bdc36b3d175b5dcfb54e0d', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('dc0b179ad71cc5f5b3aee5a553e7b8c4', 'ws_16c8215a3c09514fe78d954e', 'prn_30eaa015fdfcde5f098a9a3e', '6e47d24364ba73b7b20f61fcd9a16e54', '0ea6c862fabaffe44484cbd178f00cf0', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_2ae1d00c107826fd2bb2221e', 'ws_ca6f593ff37572b1d36eaf05', 'prn_b3c4ecf0f3c7d4e2e6d84b89', 'acc_4e6448ea9290de31b6380a10', 'e9cc1447971f203e091087037f0e1c35e4f3fb86651423945788a6861bcfe361', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_041a353d81746eb8d2b50d9e', 'ws_16c8215a3c09514fe78d954e', 'prn_99333093429fcd546f8b3a2e', 'acc_03fb538eda3c5f577753afa8', 'dbc34e214cdbea249800d047b1d1a2ec338d6b8310323521b687df53d09def92', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_ca6f593ff37572b1d36eaf05', 'r0', 'key_7ea186989ad69ef13ae8d191', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_ca6f593ff37572b1d36eaf05', 'r1', 'key_7ea186989ad69ef13ae8d191', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_ca6f593ff37572b1d36eaf05', 'r2', 'key_7ea186989ad69ef13ae8d191', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_16c8215a3c09514fe78d954e', 'r0', 'key_aac45c7941306fb9e25d5d96', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_16c8215a3c09514fe78d954e', 'r1', 'key_aac45c7941306fb9e25d5d96', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_16c8215a3c09514fe78d954e', 'r2', 'key_aac45c7941306fb9e25d5d96', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_ca6f593ff37572b1d36eaf05', 'org_91830f01ad6450e00731d7c0', 'default', '2026-11-30 09:05:25.437315+00');
INSERT INTO public.workspaces VALUES ('ws_16c8215a3c09514fe78d954e', 'org_91830f01ad6450e00731d7c0', 'Atelier d''été', '2026-11-30 09:05:25.982443+00');
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

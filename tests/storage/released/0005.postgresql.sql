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
    thought_seconds double precision DEFAULT '0'::double precision NOT NULL
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
INSERT INTO public.accounts VALUES ('acc_831426ec2447d1f7656b1592', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_e1201a02b4b6a5f00e0d90b6', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'prn_e43c7ababb3d047dda5174e9', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0005');
INSERT INTO public.api_keys VALUES ('key_7da4448ba1b1d921be987e49', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'admin', 'alz_4f0Zqa', 'eb6a4c84b80c57164a6143ac26f034c7cb907282f074b206caf8f02bf7c3e328', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_9fba7d638ac85f8a0d84bd0c', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'admin', 'alz_4f0Zqa', '9268f08b9089c5b91156c05657aec5f5b872afd4fb7427ea7f9d0a6b0c1ed110', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_8ec24251b89974c1e48bdc6d', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', 'admin', 'alz_4f0Zqa', '58a38533804ee32b5745026417ab15ccebf3aa86242dbef81f66a59a923b62c2', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_019325e8d2a7d29691434f10', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', 'admin', 'alz_4f0Zqa', '92d621218572374ed4401f02e450f590756a20492d0641a919ed005db738eab6', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_56ce8bef5d34fb8f8a9990e2', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attachments VALUES ('att_2df4a026b6b55eb49e8994c9', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', 'été.gif', 'image/gif', 3, '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_848d91ffe0e9aed5e9c8eea4', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_d8c61302f6e759054b337869', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('1a54fa6ead0e5da094d48cb1ebdd921c', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', 'e75202d0e0240c80bc40366f3a0f37d1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('9dd2d1756a3155ba2eff7f2b7b6f70bc', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '2a86cba57d89e48ed2aff811a8feaea1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_15cdab29a59801be8e492215', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_a5d21cf7575386d2a0eaf423', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_0b5348c167e034f9b23bd9db', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'owner', '2026-11-29 16:48:10.343342+00');
INSERT INTO public.members VALUES ('mem_4100a89a6fc933abeeb3e5ed', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', 'owner', '2026-11-29 16:48:10.671871+00');
INSERT INTO public.members VALUES ('mem_e278473713bfd698d467cd6f', 'org_9fe80c6a19fd3e7bdb2d1663', 'ws_0f7100f123f3552add0afd5d', 'prn_e43c7ababb3d047dda5174e9', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.message_attachments VALUES ('ws_a8eb388606078411ae1a0cf1', 'd85133e299a9671d23f47fcc48929513', 'att_56ce8bef5d34fb8f8a9990e2');
INSERT INTO public.message_attachments VALUES ('ws_0f7100f123f3552add0afd5d', '364308d1d623763a22903e5b3f8d2f64', 'att_2df4a026b6b55eb49e8994c9');
INSERT INTO public.messages VALUES ('9b986186f469f45f0fbe992701858079', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('d85133e299a9671d23f47fcc48929513', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_56ce8bef5d34fb8f8a9990e2"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('e75202d0e0240c80bc40366f3a0f37d1', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', 'd85133e299a9671d23f47fcc48929513', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '1c5da80200334658b7f7f0b791f562f1', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('fd4d5fe4f05cb436a45101f96c72f918', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', '9b986186f469f45f0fbe992701858079', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '6db0e61734bd5965f94511f3697e4b68', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('4081ce9fbbdd4ab85eb3d9adb399e64d', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('364308d1d623763a22903e5b3f8d2f64', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[{"name":"été.gif","type":"image/gif","id":"att_2df4a026b6b55eb49e8994c9"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('2a86cba57d89e48ed2aff811a8feaea1', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', '364308d1d623763a22903e5b3f8d2f64', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '201761f64e6eba42c2aa955784a8006e', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('9ca096cd407bd1338806f70d40f6ac8d', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', '4081ce9fbbdd4ab85eb3d9adb399e64d', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '387542ff3629e389f3390933635ced15', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0);
INSERT INTO public.objects VALUES ('ws_a8eb388606078411ae1a0cf1', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.objects VALUES ('ws_0f7100f123f3552add0afd5d', '76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab', '\x474946');
INSERT INTO public.organizations VALUES ('org_9fe80c6a19fd3e7bdb2d1663', 'default', '2026-11-29 16:48:10.343342+00');
INSERT INTO public.principals VALUES ('prn_d3de98baf2d11db8f9c9c113', 'org_9fe80c6a19fd3e7bdb2d1663', 'owner', '2026-11-29 16:48:10.343342+00');
INSERT INTO public.principals VALUES ('prn_a5d21cf7575386d2a0eaf423', 'org_9fe80c6a19fd3e7bdb2d1663', 'Zoë O''Neill', '2026-11-29 16:48:10.671871+00');
INSERT INTO public.principals VALUES ('prn_e43c7ababb3d047dda5174e9', 'org_9fe80c6a19fd3e7bdb2d1663', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_a8eb388606078411ae1a0cf1', '6db0e61734bd5965f94511f3697e4b68', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_a8eb388606078411ae1a0cf1', '6db0e61734bd5965f94511f3697e4b68', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_0f7100f123f3552add0afd5d', '387542ff3629e389f3390933635ced15', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_0f7100f123f3552add0afd5d', '387542ff3629e389f3390933635ced15', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('1c5da80200334658b7f7f0b791f562f1', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', 'e75202d0e0240c80bc40366f3a0f37d1', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('6db0e61734bd5965f94511f3697e4b68', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', '1a54fa6ead0e5da094d48cb1ebdd921c', 'fd4d5fe4f05cb436a45101f96c72f918', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('201761f64e6eba42c2aa955784a8006e', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', '2a86cba57d89e48ed2aff811a8feaea1', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('387542ff3629e389f3390933635ced15', 'ws_0f7100f123f3552add0afd5d', 'prn_a5d21cf7575386d2a0eaf423', '9dd2d1756a3155ba2eff7f2b7b6f70bc', '9ca096cd407bd1338806f70d40f6ac8d', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_dc6f0aadbe25862ae2b6ed50', 'ws_a8eb388606078411ae1a0cf1', 'prn_d3de98baf2d11db8f9c9c113', 'acc_831426ec2447d1f7656b1592', 'f97aa01628b09f838c79af0dab0a9f84af73f47a9a73ea93536bffd887b602a1', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_6dec4e3c6afd6b45f13a778e', 'ws_0f7100f123f3552add0afd5d', 'prn_e43c7ababb3d047dda5174e9', 'acc_e1201a02b4b6a5f00e0d90b6', '5a37bf84430adbf193d112c4542c394f7615cc6e7c4ea221fab1cfd8926f329c', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_a8eb388606078411ae1a0cf1', 'r0', 'key_7da4448ba1b1d921be987e49', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_a8eb388606078411ae1a0cf1', 'r1', 'key_7da4448ba1b1d921be987e49', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_a8eb388606078411ae1a0cf1', 'r2', 'key_7da4448ba1b1d921be987e49', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_0f7100f123f3552add0afd5d', 'r0', 'key_8ec24251b89974c1e48bdc6d', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_0f7100f123f3552add0afd5d', 'r1', 'key_8ec24251b89974c1e48bdc6d', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_0f7100f123f3552add0afd5d', 'r2', 'key_8ec24251b89974c1e48bdc6d', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_a8eb388606078411ae1a0cf1', 'org_9fe80c6a19fd3e7bdb2d1663', 'default', '2026-11-29 16:48:10.343342+00');
INSERT INTO public.workspaces VALUES ('ws_0f7100f123f3552add0afd5d', 'org_9fe80c6a19fd3e7bdb2d1663', 'Atelier d''été', '2026-11-29 16:48:10.671871+00');
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

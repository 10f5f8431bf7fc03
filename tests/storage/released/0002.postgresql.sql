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
    "left" character varying NOT NULL
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
INSERT INTO public.accounts VALUES ('acc_2d74ac1095534f789bf1e18b', 'org_c5ea8458eeb762710ac3db33', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_fe44b64e04bad6455eea87cf', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'prn_5bee1d4c1427a9ea9ebcc830', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0002');
INSERT INTO public.api_keys VALUES ('key_a6e317562a0aeb051e3c597f', 'org_c5ea8458eeb762710ac3db33', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'admin', 'alz_4f0Zqa', '743e076b5621310e6aaab119a99e630bc7ecd5636f2960e5d62f57fa1d91c3dc', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_2eb1d6e8dbc2ca8752cfac91', 'org_c5ea8458eeb762710ac3db33', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'admin', 'alz_4f0Zqa', 'e4e91b700c02dce8681523de3ce029661c27d14ccca702c1e971267b9071de2f', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_b2a01e4bde674db267320bd0', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'admin', 'alz_4f0Zqa', 'df444a52223fdd460930772a294d31ecb5c2b6d0fa42c2fe08c13a4ff929d96d', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_8d2f6bf999203d0ed518fbbe', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'admin', 'alz_4f0Zqa', '814861154c0d792cbf25afada930937a9d8ecfdcff1329294bb6b80321d0727a', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_e9b7a6fa0e4ae15b723ca978', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_95ce2daa79e5397b3d665c5c', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('708588ab9fcf920a4e867c0cabb6272d', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '8e31589c36dd0f671814b6c492482562', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('f4d2fc875f8d9ca2ba7d3367932e2f56', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '84a707f36e9831aa8ead3edb7783cb86', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_2b33b4a76db4362d2d5ff06f', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_f83642bd111716ef65a44f38', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_748fd2d9c95d0502aa317597', 'org_c5ea8458eeb762710ac3db33', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'owner', '2026-11-25 01:38:46.387427+00');
INSERT INTO public.members VALUES ('mem_817a3cf42ad995cebd2388cb', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'owner', '2026-11-25 01:38:46.427153+00');
INSERT INTO public.members VALUES ('mem_ea6bd44bfe324edf1582e9f1', 'org_c5ea8458eeb762710ac3db33', 'ws_6852ba61e4c395d633cee9a3', 'prn_5bee1d4c1427a9ea9ebcc830', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.messages VALUES ('1074d0b0e4ca8199ac7b904b08d7b2f2', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('a5ce7fecc12138d94b773358ab70ce2b', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('8e31589c36dd0f671814b6c492482562', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', 'a5ce7fecc12138d94b773358ab70ce2b', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '3566abd96edfc3bd9c181b5e8dc4b26d', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('8276c2fd0f5ef51a19b68cac73619caf', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', '1074d0b0e4ca8199ac7b904b08d7b2f2', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'f65c5f09faf09f7c1573b9217506d808', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]');
INSERT INTO public.messages VALUES ('8cdf510049ea2b8b3a3932e53a53de8a', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('9969a9d57f447054c38d233e7b74965f', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('84a707f36e9831aa8ead3edb7783cb86', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', '9969a9d57f447054c38d233e7b74965f', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '2852c99abb59ec4de0e4cde1f25ec3a5', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]');
INSERT INTO public.messages VALUES ('8f0a08f470b37af879bb40beca8c7b66', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', '8cdf510049ea2b8b3a3932e53a53de8a', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '643f622f36d74d5cd12c09fab94f9cb1', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]');
INSERT INTO public.organizations VALUES ('org_c5ea8458eeb762710ac3db33', 'default', '2026-11-25 01:38:46.387427+00');
INSERT INTO public.principals VALUES ('prn_3ce46eb15c7876fb0580c8ac', 'org_c5ea8458eeb762710ac3db33', 'owner', '2026-11-25 01:38:46.387427+00');
INSERT INTO public.principals VALUES ('prn_f83642bd111716ef65a44f38', 'org_c5ea8458eeb762710ac3db33', 'Zoë O''Neill', '2026-11-25 01:38:46.427153+00');
INSERT INTO public.principals VALUES ('prn_5bee1d4c1427a9ea9ebcc830', 'org_c5ea8458eeb762710ac3db33', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_bb13f71dfcb5be4329cbde74', 'f65c5f09faf09f7c1573b9217506d808', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_bb13f71dfcb5be4329cbde74', 'f65c5f09faf09f7c1573b9217506d808', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_6852ba61e4c395d633cee9a3', '643f622f36d74d5cd12c09fab94f9cb1', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_6852ba61e4c395d633cee9a3', '643f622f36d74d5cd12c09fab94f9cb1', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('3566abd96edfc3bd9c181b5e8dc4b26d', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', '8e31589c36dd0f671814b6c492482562', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('f65c5f09faf09f7c1573b9217506d808', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', '708588ab9fcf920a4e867c0cabb6272d', '8276c2fd0f5ef51a19b68cac73619caf', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('2852c99abb59ec4de0e4cde1f25ec3a5', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', '84a707f36e9831aa8ead3edb7783cb86', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('643f622f36d74d5cd12c09fab94f9cb1', 'ws_6852ba61e4c395d633cee9a3', 'prn_f83642bd111716ef65a44f38', 'f4d2fc875f8d9ca2ba7d3367932e2f56', '8f0a08f470b37af879bb40beca8c7b66', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_8d016a1898d96c76ba78205d', 'ws_bb13f71dfcb5be4329cbde74', 'prn_3ce46eb15c7876fb0580c8ac', 'acc_2d74ac1095534f789bf1e18b', '9d8d8b886e7bc78e079979a660b417ac04f60f739f0619739763745bfce288ae', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_e9a3949841a4b8b4b1c3b89a', 'ws_6852ba61e4c395d633cee9a3', 'prn_5bee1d4c1427a9ea9ebcc830', 'acc_fe44b64e04bad6455eea87cf', '527af7735e2c91a293d494ab6072cfc2f6e6022e5900a83ac04b6704ab518ac2', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_bb13f71dfcb5be4329cbde74', 'r0', 'key_a6e317562a0aeb051e3c597f', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_bb13f71dfcb5be4329cbde74', 'r1', 'key_a6e317562a0aeb051e3c597f', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_bb13f71dfcb5be4329cbde74', 'r2', 'key_a6e317562a0aeb051e3c597f', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6852ba61e4c395d633cee9a3', 'r0', 'key_b2a01e4bde674db267320bd0', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6852ba61e4c395d633cee9a3', 'r1', 'key_b2a01e4bde674db267320bd0', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_6852ba61e4c395d633cee9a3', 'r2', 'key_b2a01e4bde674db267320bd0', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_bb13f71dfcb5be4329cbde74', 'org_c5ea8458eeb762710ac3db33', 'default', '2026-11-25 01:38:46.387427+00');
INSERT INTO public.workspaces VALUES ('ws_6852ba61e4c395d633cee9a3', 'org_c5ea8458eeb762710ac3db33', 'Atelier d''été', '2026-11-25 01:38:46.427153+00');
ALTER TABLE ONLY public.alize_schema
    ADD CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT pk_conversations PRIMARY KEY (id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT pk_invitations PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT pk_messages PRIMARY KEY (id);
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
CREATE INDEX ix_attempts_key_at ON public.attempts USING btree (key, at);
CREATE INDEX ix_conversations_deleted ON public.conversations USING btree (deleted);
CREATE INDEX ix_conversations_workspace_principal_updated_id ON public.conversations USING btree (workspace, principal, updated, id);
CREATE INDEX ix_invitations_workspace_created_id ON public.invitations USING btree (workspace, created, id);
CREATE INDEX ix_members_workspace_created_id ON public.members USING btree (workspace, created, id);
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
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_parent FOREIGN KEY (parent) REFERENCES public.messages(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY (workspace, principal, conversation) REFERENCES public.conversations(workspace, principal, id);
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

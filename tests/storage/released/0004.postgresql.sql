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
    "left" character varying NOT NULL,
    error_code character varying,
    thought character varying DEFAULT ''::character varying NOT NULL,
    thought_seconds double precision DEFAULT '0'::double precision NOT NULL
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
INSERT INTO public.accounts VALUES ('acc_0f66e0f0ac7ce57156b24fd2', 'org_7ef58298bf0864f6bd4dbc25', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_1916a780163dd3239db1f370', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'prn_7e459b9c7cd15fa1039ef1a2', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0004');
INSERT INTO public.api_keys VALUES ('key_21b4a11c94bd1eded97477d2', 'org_7ef58298bf0864f6bd4dbc25', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'admin', 'alz_4f0Zqa', '76825862aa7238eb018bef1aa86ff31bf5db79818da341fad9870e2285a08ae3', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_9e69edf0fbbeb38028ad61b4', 'org_7ef58298bf0864f6bd4dbc25', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'admin', 'alz_4f0Zqa', '0c70f798f0c095ffb5995951549d66f2f99351b4bf5c4e672aa771af389706eb', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_22bd2d743935bbb9e0b0bdb7', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'admin', 'alz_4f0Zqa', '54292b88e4b3f8be19fc5317774562f27c2c23a7da0d9a02d419d006f7ae21e7', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_2aa50da5228780c519995da5', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'admin', 'alz_4f0Zqa', 'faa668f9df1fe3f5e7dbd73dd8b171689b25b0f7b004b9b643d8f5a910787490', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_f3379bdd82c09c737396a8ad', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_2e27cbb007d89193b6255ec7', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('1aa10493db542e8c58de9ec382af888d', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', 'af72784be1285399bf022f86c4b1dc1a', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('af5f0336269d15e9b1f8ffad925c3b49', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '9b49029749f8af46d1b7f1db72eb5c43', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_af4495853812fb538e80ced4', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_07d38b3c73d9f9ef437cbd7a', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_ad038d39acb54590f6ceaed2', 'org_7ef58298bf0864f6bd4dbc25', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'owner', '2026-11-29 13:50:46.652066+00');
INSERT INTO public.members VALUES ('mem_828cdbc3844d6a5d7815e1bc', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'owner', '2026-11-29 13:50:46.731029+00');
INSERT INTO public.members VALUES ('mem_05de39990123a28388414a4d', 'org_7ef58298bf0864f6bd4dbc25', 'ws_1b5a41291300a121bf41b1ee', 'prn_7e459b9c7cd15fa1039ef1a2', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.messages VALUES ('8ac5df26bbc4b468a0702b45c9b1bf3e', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('d0159f008c8633161dba47c59cbf5436', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('af72784be1285399bf022f86c4b1dc1a', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', 'd0159f008c8633161dba47c59cbf5436', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '8b5ae5cee32ae4d6661b2e5240d8a2db', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('1f70998c433ba13f77516956dfd1d628', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', '8ac5df26bbc4b468a0702b45c9b1bf3e', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'dc170ca34f84bdc87ffd8356b319394a', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('0dd74703c6cba2cd9d701628c686bfee', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('c61a4720e994f1fae20600fb11ef5cb4', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('9b49029749f8af46d1b7f1db72eb5c43', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', 'c61a4720e994f1fae20600fb11ef5cb4', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '4a51546875302e7f5e5cb0a5188c2ba9', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL, '', 0);
INSERT INTO public.messages VALUES ('bf8256b399359da6c61c7b7e6ac9d293', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', '0dd74703c6cba2cd9d701628c686bfee', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'a3b60653125ef1a7fc916ee4fcdda7e8', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL, '', 0);
INSERT INTO public.organizations VALUES ('org_7ef58298bf0864f6bd4dbc25', 'default', '2026-11-29 13:50:46.652066+00');
INSERT INTO public.principals VALUES ('prn_7a99ef7520b6e9912c5d43b9', 'org_7ef58298bf0864f6bd4dbc25', 'owner', '2026-11-29 13:50:46.652066+00');
INSERT INTO public.principals VALUES ('prn_07d38b3c73d9f9ef437cbd7a', 'org_7ef58298bf0864f6bd4dbc25', 'Zoë O''Neill', '2026-11-29 13:50:46.731029+00');
INSERT INTO public.principals VALUES ('prn_7e459b9c7cd15fa1039ef1a2', 'org_7ef58298bf0864f6bd4dbc25', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_d654c07c62fa69192bc0407b', 'dc170ca34f84bdc87ffd8356b319394a', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_d654c07c62fa69192bc0407b', 'dc170ca34f84bdc87ffd8356b319394a', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_1b5a41291300a121bf41b1ee', 'a3b60653125ef1a7fc916ee4fcdda7e8', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_1b5a41291300a121bf41b1ee', 'a3b60653125ef1a7fc916ee4fcdda7e8', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('8b5ae5cee32ae4d6661b2e5240d8a2db', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', 'af72784be1285399bf022f86c4b1dc1a', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('dc170ca34f84bdc87ffd8356b319394a', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', '1aa10493db542e8c58de9ec382af888d', '1f70998c433ba13f77516956dfd1d628', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('4a51546875302e7f5e5cb0a5188c2ba9', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', '9b49029749f8af46d1b7f1db72eb5c43', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('a3b60653125ef1a7fc916ee4fcdda7e8', 'ws_1b5a41291300a121bf41b1ee', 'prn_07d38b3c73d9f9ef437cbd7a', 'af5f0336269d15e9b1f8ffad925c3b49', 'bf8256b399359da6c61c7b7e6ac9d293', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_10bfbe9d6a9e1b922e63a0d6', 'ws_d654c07c62fa69192bc0407b', 'prn_7a99ef7520b6e9912c5d43b9', 'acc_0f66e0f0ac7ce57156b24fd2', '1f723dba45b1713f80666d5e69e115cf642029ca225283b43a895a1feb3030aa', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_a594efa4bcce951cbe3be857', 'ws_1b5a41291300a121bf41b1ee', 'prn_7e459b9c7cd15fa1039ef1a2', 'acc_1916a780163dd3239db1f370', '4e774a1904c1216acc96f6b6315bf6f6c7b05e1d1dd65156d87a9ad066ca6825', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_d654c07c62fa69192bc0407b', 'r0', 'key_21b4a11c94bd1eded97477d2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_d654c07c62fa69192bc0407b', 'r1', 'key_21b4a11c94bd1eded97477d2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_d654c07c62fa69192bc0407b', 'r2', 'key_21b4a11c94bd1eded97477d2', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_1b5a41291300a121bf41b1ee', 'r0', 'key_22bd2d743935bbb9e0b0bdb7', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_1b5a41291300a121bf41b1ee', 'r1', 'key_22bd2d743935bbb9e0b0bdb7', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_1b5a41291300a121bf41b1ee', 'r2', 'key_22bd2d743935bbb9e0b0bdb7', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_d654c07c62fa69192bc0407b', 'org_7ef58298bf0864f6bd4dbc25', 'default', '2026-11-29 13:50:46.652066+00');
INSERT INTO public.workspaces VALUES ('ws_1b5a41291300a121bf41b1ee', 'org_7ef58298bf0864f6bd4dbc25', 'Atelier d''été', '2026-11-29 13:50:46.731029+00');
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

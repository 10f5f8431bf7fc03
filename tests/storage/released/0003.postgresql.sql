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
    error_code character varying
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
INSERT INTO public.accounts VALUES ('acc_0dfa70348cae7c3b7929c1a3', 'org_f309a16f9c008041c0447ecd', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'owner@example.org', 'owner', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.accounts VALUES ('acc_d4d4186f94248528af0652c8', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'prn_cc5567b205bb03aaa208aace', 'zoë@example.org', 'Zoë O''Neill', '$argon2id$…', 'fr', 'dark', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.alize_schema VALUES ('0003');
INSERT INTO public.api_keys VALUES ('key_05358094410aeaa64f38fdc1', 'org_f309a16f9c008041c0447ecd', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'admin', 'alz_4f0Zqa', '78656b086ee3bcf7c8e4d7217b18e6a43c87308906d3b8c6bf8c820240444412', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_1ed0dd93897c3e6c04320045', 'org_f309a16f9c008041c0447ecd', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'admin', 'alz_4f0Zqa', 'f45257a89f6521ccef032b2b84094fbf5f8fdf03b9e63d041c71b27fbe016221', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_11ac8c112c7bf7aeeb100d19', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', 'admin', 'alz_4f0Zqa', 'c086fbe1eed71270006cce9431d5c82311e96841a6b742274e4c7ba5cd10a2f8', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_e926cfec10839bbd75c60314', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', 'admin', 'alz_4f0Zqa', '703557db0e22420ea31be6f0dd0b00698270f198e23a236b2460aaef091f3b95', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_ca7b03efc7374f3cc0a92b40', 'email:owner@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.attempts VALUES ('try_d778202530a1d1ef8ff2f230', 'email:zoë@example.org', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.conversations VALUES ('0524784b4d675f46bcc3b0e0d91250d2', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '496f6f1b1466a8fc1f248f39b42cee0f', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('7093061b6ad73ee3c33a4da518abd716', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', 'Été à Zürich', 'ete a zurich', 'model', '', '{"system":"Réponds court.","temperature":0.2}', '0e1031a76e65a0e92f096aeb654d98bb', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.invitations VALUES ('inv_ed77a3077544e4d16b06b6a8', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7', 'owner', 'a friend', 'prn_8bef4908045080eb349565ec', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.members VALUES ('mem_c7da4f9b26c7621ac0de8c11', 'org_f309a16f9c008041c0447ecd', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'owner', '2026-11-29 12:35:56.434901+00');
INSERT INTO public.members VALUES ('mem_98fba909b5fb674e702a1125', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', 'owner', '2026-11-29 12:35:56.732697+00');
INSERT INTO public.members VALUES ('mem_a81ba0df0be795ad7049c7e6', 'org_f309a16f9c008041c0447ecd', 'ws_222f702de75b7a3580097fd3', 'prn_cc5567b205bb03aaa208aace', 'owner', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.messages VALUES ('1cc65745c6748495a7d7c72d1eea9d0c', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('f2f534d3810560221d230ec1f2c8ce2b', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('496f6f1b1466a8fc1f248f39b42cee0f', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', 'f2f534d3810560221d230ec1f2c8ce2b', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', '33b1e356d20aee360dce06bdbaf7a952', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('2274ce9764cb668e3ab5004b0735dcd0', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', '1cc65745c6748495a7d7c72d1eea9d0c', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', '658b75b4d0b3a7cb377e463605e19d72', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('b39d1a0309ac08a5be35d3e3ea5374ef', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', NULL, 'user', 'Où est l''été ?', 'ou est l''ete ?', '2026-11-24 12:30:15.123456+00', '[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('1de919bc35e1ef35a040efa2f485ce8b', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', NULL, 'user', 'Où est l''hiver ?', 'ou est l''hiver ?', '2026-11-24 12:30:15.123456+00', '[]', NULL, '', '', 'done', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('0e1031a76e65a0e92f096aeb654d98bb', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', '1de919bc35e1ef35a040efa2f485ce8b', 'assistant', '', '', '2026-11-24 12:30:15.123456+00', '[]', 'b15f728f4628dcef874c72626439999e', '', '', 'waiting', NULL, NULL, 0, 0, 0, 0, '[]', NULL);
INSERT INTO public.messages VALUES ('49a7c4624ba0ae13298bfb7efcf20e62', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', 'b39d1a0309ac08a5be35d3e3ea5374ef', 'assistant', 'Ici.', 'ici.', '2026-11-24 12:30:15.123456+00', '[]', 'd5977c1a2ace2a4a54a3a16f273568c1', 'smollm2-135m-instruct', '', 'done', 'stop', NULL, 9, 3, 0.5, 0, '[]', NULL);
INSERT INTO public.organizations VALUES ('org_f309a16f9c008041c0447ecd', 'default', '2026-11-29 12:35:56.434901+00');
INSERT INTO public.principals VALUES ('prn_ea268b3a0fb2bd910fe39a46', 'org_f309a16f9c008041c0447ecd', 'owner', '2026-11-29 12:35:56.434901+00');
INSERT INTO public.principals VALUES ('prn_8bef4908045080eb349565ec', 'org_f309a16f9c008041c0447ecd', 'Zoë O''Neill', '2026-11-29 12:35:56.732697+00');
INSERT INTO public.principals VALUES ('prn_cc5567b205bb03aaa208aace', 'org_f309a16f9c008041c0447ecd', 'Zoë O''Neill', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_31d874957aa405952fd896e5', '658b75b4d0b3a7cb377e463605e19d72', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_31d874957aa405952fd896e5', '658b75b4d0b3a7cb377e463605e19d72', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_222f702de75b7a3580097fd3', 'd5977c1a2ace2a4a54a3a16f273568c1', 1, '{"type":"message.output.delta","content":"Ici."}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.run_events VALUES ('ws_222f702de75b7a3580097fd3', 'd5977c1a2ace2a4a54a3a16f273568c1', 2, '{"type":"conversation.response.done"}', '2026-11-24 12:30:15.123456+00');
INSERT INTO public.runs VALUES ('33b1e356d20aee360dce06bdbaf7a952', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', '496f6f1b1466a8fc1f248f39b42cee0f', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('658b75b4d0b3a7cb377e463605e19d72', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', '0524784b4d675f46bcc3b0e0d91250d2', '2274ce9764cb668e3ab5004b0735dcd0', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.runs VALUES ('b15f728f4628dcef874c72626439999e', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', '0e1031a76e65a0e92f096aeb654d98bb', 'waiting', '', '2026-11-24 12:30:15.123456+00', 0, '2026-11-24 12:30:15.123456+00', NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('d5977c1a2ace2a4a54a3a16f273568c1', 'ws_222f702de75b7a3580097fd3', 'prn_8bef4908045080eb349565ec', '7093061b6ad73ee3c33a4da518abd716', '49a7c4624ba0ae13298bfb7efcf20e62', 'done', 'worker', '2026-11-24 12:30:15.123456+00', 2, '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', NULL);
INSERT INTO public.sessions VALUES ('ses_d599c6db5aa69b6819aa665e', 'ws_31d874957aa405952fd896e5', 'prn_ea268b3a0fb2bd910fe39a46', 'acc_0dfa70348cae7c3b7929c1a3', 'fa584ab671aea8607a7dcf5fd8678b0520945e1b1fcc24b4a90a0e969d0ce64e', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.sessions VALUES ('ses_31bcecd1cee6033fda862d5d', 'ws_222f702de75b7a3580097fd3', 'prn_cc5567b205bb03aaa208aace', 'acc_d4d4186f94248528af0652c8', '2fe912158c42d5186878d99e001410f4f2a6fe3de072f9160ff67a86c68359e3', 'Mozilla/5.0', '127.0.0.1', '2026-11-24 12:30:15.123456+00', '2026-11-24 12:30:15.123456+00', '2026-12-24 12:30:15.123456+00');
INSERT INTO public.usage VALUES ('ws_31d874957aa405952fd896e5', 'r0', 'key_05358094410aeaa64f38fdc1', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_31d874957aa405952fd896e5', 'r1', 'key_05358094410aeaa64f38fdc1', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_31d874957aa405952fd896e5', 'r2', 'key_05358094410aeaa64f38fdc1', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_222f702de75b7a3580097fd3', 'r0', 'key_11ac8c112c7bf7aeeb100d19', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_222f702de75b7a3580097fd3', 'r1', 'key_11ac8c112c7bf7aeeb100d19', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_222f702de75b7a3580097fd3', 'r2', 'key_11ac8c112c7bf7aeeb100d19', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_31d874957aa405952fd896e5', 'org_f309a16f9c008041c0447ecd', 'default', '2026-11-29 12:35:56.434901+00');
INSERT INTO public.workspaces VALUES ('ws_222f702de75b7a3580097fd3', 'org_f309a16f9c008041c0447ecd', 'Atelier d''été', '2026-11-29 12:35:56.732697+00');
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

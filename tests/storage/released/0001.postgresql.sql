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
CREATE TABLE public.members (
    id character varying NOT NULL,
    organization character varying NOT NULL,
    workspace character varying NOT NULL,
    principal character varying NOT NULL,
    role character varying NOT NULL,
    created timestamp with time zone NOT NULL
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
INSERT INTO public.alize_schema VALUES ('0001');
INSERT INTO public.api_keys VALUES ('key_935dd9e46aced4d2714a0423', 'org_a2912068f6c275d74a0e0a7b', 'ws_073785b5128be373cd1dcfe3', 'prn_8ec09bdcb1c8ebd9abb75509', 'admin', 'alz_4f0Zqa', '5c1069552318727b5733b69ef92027a33b881cb94d064532f7fd64ca50f5a458', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_c44add428ce1398d706c9580', 'org_a2912068f6c275d74a0e0a7b', 'ws_073785b5128be373cd1dcfe3', 'prn_8ec09bdcb1c8ebd9abb75509', 'admin', 'alz_4f0Zqa', 'a2a33bff2576cb1b6a13872899a1d530977683b0ad5f85d7c3797d0fb3d1f445', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.api_keys VALUES ('key_9f91e17bb53ee36fe89ddd7b', 'org_a2912068f6c275d74a0e0a7b', 'ws_b6b8f3a6a4691dbddc0f58d3', 'prn_bc050304208b400f8c62005d', 'admin', 'alz_4f0Zqa', '96cf4b4abf914a7e6937c4d06b9fe3f784104fe1b5850b09b128c375306c347e', 'inference admin', '2026-11-24 12:30:15.123456+00', '2026-11-27 12:30:15.123456+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('key_8378bb6b5897610ab6e2f552', 'org_a2912068f6c275d74a0e0a7b', 'ws_b6b8f3a6a4691dbddc0f58d3', 'prn_bc050304208b400f8c62005d', 'admin', 'alz_4f0Zqa', '0969897738c1a98009902d6312a0f3216769d5a6da04a15505fd9c07a69086a9', 'inference', '2026-11-24 12:30:15.123456+00', NULL, '2026-11-24 12:30:15.123456+00', '2026-12-03 12:30:15.123456+00');
INSERT INTO public.members VALUES ('mem_1af1cc37244495769e8516d7', 'org_a2912068f6c275d74a0e0a7b', 'ws_073785b5128be373cd1dcfe3', 'prn_8ec09bdcb1c8ebd9abb75509', 'owner', '2026-11-24 22:02:06.473029+00');
INSERT INTO public.members VALUES ('mem_29d1a697612009d0d6b91174', 'org_a2912068f6c275d74a0e0a7b', 'ws_b6b8f3a6a4691dbddc0f58d3', 'prn_bc050304208b400f8c62005d', 'owner', '2026-11-24 22:02:06.499651+00');
INSERT INTO public.organizations VALUES ('org_a2912068f6c275d74a0e0a7b', 'default', '2026-11-24 22:02:06.473029+00');
INSERT INTO public.principals VALUES ('prn_8ec09bdcb1c8ebd9abb75509', 'org_a2912068f6c275d74a0e0a7b', 'owner', '2026-11-24 22:02:06.473029+00');
INSERT INTO public.principals VALUES ('prn_bc050304208b400f8c62005d', 'org_a2912068f6c275d74a0e0a7b', 'Zoë O''Neill', '2026-11-24 22:02:06.499651+00');
INSERT INTO public.usage VALUES ('ws_073785b5128be373cd1dcfe3', 'r0', 'key_935dd9e46aced4d2714a0423', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_073785b5128be373cd1dcfe3', 'r1', 'key_935dd9e46aced4d2714a0423', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_073785b5128be373cd1dcfe3', 'r2', 'key_935dd9e46aced4d2714a0423', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_b6b8f3a6a4691dbddc0f58d3', 'r0', 'key_9f91e17bb53ee36fe89ddd7b', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 0, 'stop', '2026-11-24 12:30:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_b6b8f3a6a4691dbddc0f58d3', 'r1', 'key_9f91e17bb53ee36fe89ddd7b', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 7, 'length', '2026-11-24 12:31:15.123456+00', 0.75);
INSERT INTO public.usage VALUES ('ws_b6b8f3a6a4691dbddc0f58d3', 'r2', 'key_9f91e17bb53ee36fe89ddd7b', 'smollm2-135m-instruct', '/v1/chat/completions', 30, 16, 14, 'cancelled', '2026-11-24 12:32:15.123456+00', 0.75);
INSERT INTO public.workspaces VALUES ('ws_073785b5128be373cd1dcfe3', 'org_a2912068f6c275d74a0e0a7b', 'default', '2026-11-24 22:02:06.473029+00');
INSERT INTO public.workspaces VALUES ('ws_b6b8f3a6a4691dbddc0f58d3', 'org_a2912068f6c275d74a0e0a7b', 'Atelier d''été', '2026-11-24 22:02:06.499651+00');
ALTER TABLE ONLY public.alize_schema
    ADD CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (id);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT pk_organizations PRIMARY KEY (id);
ALTER TABLE ONLY public.principals
    ADD CONSTRAINT pk_principals PRIMARY KEY (id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT pk_usage PRIMARY KEY (workspace, id);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT pk_workspaces PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_digest UNIQUE (digest);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT uq_members_workspace_principal UNIQUE (workspace, principal);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT uq_organizations_name UNIQUE (name);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name);
CREATE INDEX ix_api_keys_workspace_created_id ON public.api_keys USING btree (workspace, created, id);
CREATE INDEX ix_members_workspace_created_id ON public.members USING btree (workspace, created, id);
CREATE INDEX ix_usage_workspace_created_id ON public.usage USING btree (workspace, created, id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_workspace_principal FOREIGN KEY (workspace, principal) REFERENCES public.members(workspace, principal);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_principal FOREIGN KEY (principal) REFERENCES public.principals(id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.principals
    ADD CONSTRAINT fk_principals_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT fk_usage_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(id);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT fk_workspaces_organization FOREIGN KEY (organization) REFERENCES public.organizations(id);

BEGIN TRANSACTION;
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0001');
CREATE TABLE api_keys (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	prefix VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	scopes VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	last_used DATETIME, 
	revoked DATETIME, 
	expires DATETIME, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id), 
	CONSTRAINT uq_api_keys_digest UNIQUE (digest), 
	CONSTRAINT fk_api_keys_workspace_principal FOREIGN KEY(workspace, principal) REFERENCES members (workspace, principal), 
	CONSTRAINT fk_api_keys_organization FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT fk_api_keys_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "api_keys" VALUES('key_e487af554e99df1ddc02f532','org_5eafe6b9014bb28bb7a10a40','ws_1161743c2aebd76b68549e49','prn_436a433ce69c5ad56810811e','admin','alz_4f0Zqa','77e86b9eb51797f159070d3e4764402f1cce735c7fdebdfdde5284a449527635','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_e10325cb0199c9bc042877ea','org_5eafe6b9014bb28bb7a10a40','ws_1161743c2aebd76b68549e49','prn_436a433ce69c5ad56810811e','admin','alz_4f0Zqa','bed2ee9eccd752985797d565d4e11dcac524ab65aee9ff58208572c60e90cf28','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_9396a0b3a5d0b7b5b78a4d90','org_5eafe6b9014bb28bb7a10a40','ws_16d06d75ad4c26ca57355b78','prn_892ae9c062b1c59a9c635932','admin','alz_4f0Zqa','51c63b56416300a7a2c16738e08aff6bf97f2f03c20829e86fb6d674cc801c40','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_d03acbc1cdb1b30212a02340','org_5eafe6b9014bb28bb7a10a40','ws_16d06d75ad4c26ca57355b78','prn_892ae9c062b1c59a9c635932','admin','alz_4f0Zqa','ed78fc0e92d6f7ad36782b55d0735f332097db2e2321dd5ab1be0fb96e808f06','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
CREATE TABLE members (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (id), 
	CONSTRAINT uq_members_workspace_principal UNIQUE (workspace, principal), 
	CONSTRAINT fk_members_organization FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT fk_members_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_members_principal FOREIGN KEY(principal) REFERENCES principals (id)
);
INSERT INTO "members" VALUES('mem_b8049a0d1c9bd505e79f709e','org_5eafe6b9014bb28bb7a10a40','ws_1161743c2aebd76b68549e49','prn_436a433ce69c5ad56810811e','owner','2026-11-24 22:02:04.902728');
INSERT INTO "members" VALUES('mem_f69a12bee0628decf4b3a0d8','org_5eafe6b9014bb28bb7a10a40','ws_16d06d75ad4c26ca57355b78','prn_892ae9c062b1c59a9c635932','owner','2026-11-24 22:02:04.913886');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_5eafe6b9014bb28bb7a10a40','default','2026-11-24 22:02:04.902728');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_436a433ce69c5ad56810811e','org_5eafe6b9014bb28bb7a10a40','owner','2026-11-24 22:02:04.902728');
INSERT INTO "principals" VALUES('prn_892ae9c062b1c59a9c635932','org_5eafe6b9014bb28bb7a10a40','Zoë O''Neill','2026-11-24 22:02:04.913886');
CREATE TABLE usage (
	workspace VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	endpoint VARCHAR NOT NULL, 
	prompt_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	completion_tokens BIGINT NOT NULL, 
	outcome VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	seconds FLOAT NOT NULL, 
	CONSTRAINT pk_usage PRIMARY KEY (workspace, id), 
	CONSTRAINT fk_usage_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "usage" VALUES('ws_1161743c2aebd76b68549e49','r0','key_e487af554e99df1ddc02f532','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_1161743c2aebd76b68549e49','r1','key_e487af554e99df1ddc02f532','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_1161743c2aebd76b68549e49','r2','key_e487af554e99df1ddc02f532','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_16d06d75ad4c26ca57355b78','r0','key_9396a0b3a5d0b7b5b78a4d90','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_16d06d75ad4c26ca57355b78','r1','key_9396a0b3a5d0b7b5b78a4d90','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_16d06d75ad4c26ca57355b78','r2','key_9396a0b3a5d0b7b5b78a4d90','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_1161743c2aebd76b68549e49','org_5eafe6b9014bb28bb7a10a40','default','2026-11-24 22:02:04.902728');
INSERT INTO "workspaces" VALUES('ws_16d06d75ad4c26ca57355b78','org_5eafe6b9014bb28bb7a10a40','Atelier d''été','2026-11-24 22:02:04.913886');
CREATE INDEX ix_members_workspace_created_id ON members (workspace, created, id);
CREATE INDEX ix_api_keys_workspace_created_id ON api_keys (workspace, created, id);
CREATE INDEX ix_usage_workspace_created_id ON usage (workspace, created, id);
COMMIT;

BEGIN TRANSACTION;
CREATE TABLE accounts (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	password VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	theme VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	disabled DATETIME, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT fk_accounts_workspace_principal FOREIGN KEY(workspace, principal) REFERENCES members (workspace, principal), 
	CONSTRAINT uq_accounts_email UNIQUE (email), 
	CONSTRAINT uq_accounts_principal UNIQUE (principal), 
	CONSTRAINT fk_accounts_organization FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT fk_accounts_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "accounts" VALUES('acc_554bdc30a3897344d1969a25','org_4a0aba07f54755776de9a5cb','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_2f24129b7364059342031971','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','prn_b6121e0a086641ace23e78fe','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0002');
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
INSERT INTO "api_keys" VALUES('key_72e69e3eb974bffe2f536ca9','org_4a0aba07f54755776de9a5cb','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','admin','alz_4f0Zqa','e4e28d6cf88aa58c786bd06b9541e6674eecb11d44815ce824dbbb7fa4c84433','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_6b518bd802dbef8e3f68cb2b','org_4a0aba07f54755776de9a5cb','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','admin','alz_4f0Zqa','8d7eaf9dd1f61ab2a7f993b8d73b8cfe6ced029a7f1d397b68c7a3cbc4cc6d9e','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_2dc7f497c8ade818d02d0724','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','admin','alz_4f0Zqa','03ee671a270b27d02ad111a09d8321e24ce473505a5e437683269aa33bf44644','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_bc740e6520f6f7494a042f8c','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','admin','alz_4f0Zqa','0ed110cb9b5daac88c440d4c970ee50e3ab0530334ab7857a6b74fe20db8599f','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_eb53748c2750797579256e60','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_49487e14a595851a5b113fc6','email:zoë@example.org','2026-11-24 12:30:15.123456');
CREATE TABLE conversations (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	folded VARCHAR NOT NULL, 
	titled_by VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	settings VARCHAR NOT NULL, 
	leaf VARCHAR, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	pinned DATETIME, 
	archived DATETIME, 
	deleted DATETIME, 
	CONSTRAINT pk_conversations PRIMARY KEY (id), 
	CONSTRAINT uq_conversations_workspace_principal_id UNIQUE (workspace, principal, id), 
	CONSTRAINT fk_conversations_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "conversations" VALUES('855da0935669fdec9b474774327856bd','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','5da5c7f23e3f8e57f5a779cad1bae45c','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('68a4a0336aacd5c8ea9b49eed8064100','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','f59f897e6726871478d02977c725d611','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
CREATE TABLE invitations (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	made_by VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	expires DATETIME NOT NULL, 
	used DATETIME, 
	revoked DATETIME, 
	CONSTRAINT pk_invitations PRIMARY KEY (id), 
	CONSTRAINT uq_invitations_digest UNIQUE (digest), 
	CONSTRAINT fk_invitations_organization FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT fk_invitations_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "invitations" VALUES('inv_6aa3eabb092914b0ded3b4bb','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_67d134f8623d71e4ba7725bb','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_f903207f0dee6e7dbff78474','org_4a0aba07f54755776de9a5cb','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','owner','2026-11-25 01:38:45.410858');
INSERT INTO "members" VALUES('mem_5dfb5872f3d196eb2aef8336','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','owner','2026-11-25 01:38:45.450643');
INSERT INTO "members" VALUES('mem_9da016a7fddc4c2fdc4865dc','org_4a0aba07f54755776de9a5cb','ws_71e6050aa85ab04753902f74','prn_b6121e0a086641ace23e78fe','owner','2026-11-24 12:30:15.123456');
CREATE TABLE messages (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	conversation VARCHAR NOT NULL, 
	parent VARCHAR, 
	role VARCHAR NOT NULL, 
	content VARCHAR NOT NULL, 
	folded VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	attachments VARCHAR NOT NULL, 
	run VARCHAR, 
	model VARCHAR NOT NULL, 
	served_by VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	finish VARCHAR, 
	error VARCHAR, 
	prompt_tokens BIGINT NOT NULL, 
	completion_tokens BIGINT NOT NULL, 
	seconds FLOAT NOT NULL, 
	first_token_seconds FLOAT NOT NULL, 
	"left" VARCHAR NOT NULL, 
	CONSTRAINT pk_messages PRIMARY KEY (id), 
	CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY(workspace, principal, conversation) REFERENCES conversations (workspace, principal, id), 
	CONSTRAINT fk_messages_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_messages_parent FOREIGN KEY(parent) REFERENCES messages (id)
);
INSERT INTO "messages" VALUES('5fb73126e384aefb6384e8fa5cc2df71','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]');
INSERT INTO "messages" VALUES('cbbac0231df17c81c4a1243af288cdd0','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd','5fb73126e384aefb6384e8fa5cc2df71','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','b9ae99e4af35bd9134ada2661c49b783','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]');
INSERT INTO "messages" VALUES('dd88df2aee1d23161820fa7ff12f2672','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]');
INSERT INTO "messages" VALUES('5da5c7f23e3f8e57f5a779cad1bae45c','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd','dd88df2aee1d23161820fa7ff12f2672','assistant','','','2026-11-24 12:30:15.123456','[]','fb3d87402318111d4addfd72d09ca5ee','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]');
INSERT INTO "messages" VALUES('b45ee20d62fd5ed69ed17197b22e6b69','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]');
INSERT INTO "messages" VALUES('a358cf69f011d4e54fa522ab57d8eaee','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100','b45ee20d62fd5ed69ed17197b22e6b69','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','f4d970c46ce42dba0f2f8174302fe6ff','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]');
INSERT INTO "messages" VALUES('643ff0e9db8e2e74e1ff06955e03451a','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]');
INSERT INTO "messages" VALUES('f59f897e6726871478d02977c725d611','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100','643ff0e9db8e2e74e1ff06955e03451a','assistant','','','2026-11-24 12:30:15.123456','[]','7550cebc56ff4b2f722cdb9274b42cd5','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_4a0aba07f54755776de9a5cb','default','2026-11-25 01:38:45.410858');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_c1952751cfba32af279de779','org_4a0aba07f54755776de9a5cb','owner','2026-11-25 01:38:45.410858');
INSERT INTO "principals" VALUES('prn_67d134f8623d71e4ba7725bb','org_4a0aba07f54755776de9a5cb','Zoë O''Neill','2026-11-25 01:38:45.450643');
INSERT INTO "principals" VALUES('prn_b6121e0a086641ace23e78fe','org_4a0aba07f54755776de9a5cb','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_b4a1d2f35040aa1d9440325f','b9ae99e4af35bd9134ada2661c49b783',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_b4a1d2f35040aa1d9440325f','b9ae99e4af35bd9134ada2661c49b783',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_71e6050aa85ab04753902f74','f4d970c46ce42dba0f2f8174302fe6ff',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_71e6050aa85ab04753902f74','f4d970c46ce42dba0f2f8174302fe6ff',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
CREATE TABLE runs (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	conversation VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	worker VARCHAR NOT NULL, 
	beat DATETIME NOT NULL, 
	seq BIGINT NOT NULL, 
	created DATETIME NOT NULL, 
	begun DATETIME, 
	ended DATETIME, 
	stop_asked DATETIME, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_workspace_id UNIQUE (workspace, id), 
	CONSTRAINT fk_runs_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_runs_conversation FOREIGN KEY(conversation) REFERENCES conversations (id), 
	CONSTRAINT fk_runs_message FOREIGN KEY(message) REFERENCES messages (id)
);
INSERT INTO "runs" VALUES('b9ae99e4af35bd9134ada2661c49b783','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd','cbbac0231df17c81c4a1243af288cdd0','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('fb3d87402318111d4addfd72d09ca5ee','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','855da0935669fdec9b474774327856bd','5da5c7f23e3f8e57f5a779cad1bae45c','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('f4d970c46ce42dba0f2f8174302fe6ff','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100','a358cf69f011d4e54fa522ab57d8eaee','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('7550cebc56ff4b2f722cdb9274b42cd5','ws_71e6050aa85ab04753902f74','prn_67d134f8623d71e4ba7725bb','68a4a0336aacd5c8ea9b49eed8064100','f59f897e6726871478d02977c725d611','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
CREATE TABLE sessions (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	user_agent VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	last_seen DATETIME NOT NULL, 
	expires DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT uq_sessions_digest UNIQUE (digest), 
	CONSTRAINT fk_sessions_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_sessions_account FOREIGN KEY(account) REFERENCES accounts (id)
);
INSERT INTO "sessions" VALUES('ses_ce144f859f8a55a73d6442b0','ws_b4a1d2f35040aa1d9440325f','prn_c1952751cfba32af279de779','acc_554bdc30a3897344d1969a25','3f56e46c67059335e061fc03ee35c985a9de3348e2375674b8a9f796c0ac9254','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_631e4d0ddf319b7297a47ee9','ws_71e6050aa85ab04753902f74','prn_b6121e0a086641ace23e78fe','acc_2f24129b7364059342031971','3b46d0c8297149d1263337243cd31d40791fc528016e67b2465eb1af55b74e57','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_b4a1d2f35040aa1d9440325f','r0','key_72e69e3eb974bffe2f536ca9','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_b4a1d2f35040aa1d9440325f','r1','key_72e69e3eb974bffe2f536ca9','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_b4a1d2f35040aa1d9440325f','r2','key_72e69e3eb974bffe2f536ca9','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_71e6050aa85ab04753902f74','r0','key_2dc7f497c8ade818d02d0724','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_71e6050aa85ab04753902f74','r1','key_2dc7f497c8ade818d02d0724','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_71e6050aa85ab04753902f74','r2','key_2dc7f497c8ade818d02d0724','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_b4a1d2f35040aa1d9440325f','org_4a0aba07f54755776de9a5cb','default','2026-11-25 01:38:45.410858');
INSERT INTO "workspaces" VALUES('ws_71e6050aa85ab04753902f74','org_4a0aba07f54755776de9a5cb','Atelier d''été','2026-11-25 01:38:45.450643');
CREATE INDEX ix_members_workspace_created_id ON members (workspace, created, id);
CREATE INDEX ix_api_keys_workspace_created_id ON api_keys (workspace, created, id);
CREATE INDEX ix_usage_workspace_created_id ON usage (workspace, created, id);
CREATE INDEX ix_accounts_workspace_created_id ON accounts (workspace, created, id);
CREATE INDEX ix_sessions_workspace_principal_last_seen ON sessions (workspace, principal, last_seen);
CREATE INDEX ix_invitations_workspace_created_id ON invitations (workspace, created, id);
CREATE INDEX ix_attempts_key_at ON attempts ("key", at);
CREATE INDEX ix_conversations_deleted ON conversations (deleted);
CREATE INDEX ix_conversations_workspace_principal_updated_id ON conversations (workspace, principal, updated, id);
CREATE INDEX ix_messages_workspace_principal_conversation_created_id ON messages (workspace, principal, conversation, created, id);
CREATE INDEX ix_runs_message ON runs (message);
CREATE INDEX ix_runs_state_beat ON runs (state, beat);
CREATE INDEX ix_runs_workspace_principal_conversation ON runs (workspace, principal, conversation);
COMMIT;

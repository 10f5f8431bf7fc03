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
INSERT INTO "accounts" VALUES('acc_f04252d29f9bd3e788e622cf','org_ddd30ddd56cf19958d212e2d','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_beabda039b16270673d895b0','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','prn_3aaaf4d077d3de85b76db52a','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0004');
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
INSERT INTO "api_keys" VALUES('key_f58923b5d51dc62550c96e7f','org_ddd30ddd56cf19958d212e2d','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','admin','alz_4f0Zqa','a54a95e81afdc76d067b762984c81be742430176f329f0d4af41edbfd815e94a','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_00e7d90ee9852d8cb4898022','org_ddd30ddd56cf19958d212e2d','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','admin','alz_4f0Zqa','4d77729ed0cd4e06624bfdc321e9e13fce54cbc1578cd482788f6d02678db24e','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_b117df861f85d73390089026','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','admin','alz_4f0Zqa','42fc4cbe595c16245c2e29cf63ac81f6a69dae760085265792f99ac10b308265','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_9dbe3f8a9f0224134828f9a7','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','admin','alz_4f0Zqa','36dce776fda7c954a6a7adf67fba68c9dbc8c1f77e90e04b5731335773b0639f','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_9bc1f2789e590a73be5bb467','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_833aca2e9ed8f95389653c39','email:zoë@example.org','2026-11-24 12:30:15.123456');
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
INSERT INTO "conversations" VALUES('e7ea78e51d6477c2a1f0149e9ebcc6c7','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','acf03d123258fc6a83728fa58cf43224','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('1e989ad9264cc13b82e46be221077424','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','56ffcda55970241ab2fd8764fb57cdc5','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
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
INSERT INTO "invitations" VALUES('inv_5abcf1b16392a3baff2098f5','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_426f6b8451bfb98acb1333d7','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_fc2ef8277cb7ba70a7fd0b1e','org_ddd30ddd56cf19958d212e2d','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','owner','2026-11-29 13:50:45.129279');
INSERT INTO "members" VALUES('mem_b4a8f4aade767f8b43b5b74a','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','owner','2026-11-29 13:50:45.191876');
INSERT INTO "members" VALUES('mem_2435ee235d8b6a67a840f4b6','org_ddd30ddd56cf19958d212e2d','ws_c5ff144bee854b774637bee0','prn_3aaaf4d077d3de85b76db52a','owner','2026-11-24 12:30:15.123456');
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
	"left" VARCHAR NOT NULL, error_code VARCHAR, thought VARCHAR DEFAULT '' NOT NULL, thought_seconds FLOAT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_messages PRIMARY KEY (id), 
	CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY(workspace, principal, conversation) REFERENCES conversations (workspace, principal, id), 
	CONSTRAINT fk_messages_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_messages_parent FOREIGN KEY(parent) REFERENCES messages (id)
);
INSERT INTO "messages" VALUES('f2add1605a35e0019d71955021f8e2a7','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('87635537c29a52b26b8786efbedce87a','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7','f2add1605a35e0019d71955021f8e2a7','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','fb90a2f8b07bb4aaedb2cf69bf321713','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('cb95301f638530ac61ed611f03f44db2','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('acf03d123258fc6a83728fa58cf43224','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7','cb95301f638530ac61ed611f03f44db2','assistant','','','2026-11-24 12:30:15.123456','[]','c2f223f1e924d954efae85eb96243e4f','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('279483baf8979a0d2152166b9583d930','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('ea7bc3cec7240f122b0a4efcd21038af','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424','279483baf8979a0d2152166b9583d930','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','73cd678a02317079767060eb1494f208','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('aa6f3060ccd0e4ea2d2083b9cefffbad','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('56ffcda55970241ab2fd8764fb57cdc5','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424','aa6f3060ccd0e4ea2d2083b9cefffbad','assistant','','','2026-11-24 12:30:15.123456','[]','526a7b191b4ac2f6616718f091943736','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_ddd30ddd56cf19958d212e2d','default','2026-11-29 13:50:45.129279');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_dc60680efd9fa5ff07c7a7e4','org_ddd30ddd56cf19958d212e2d','owner','2026-11-29 13:50:45.129279');
INSERT INTO "principals" VALUES('prn_426f6b8451bfb98acb1333d7','org_ddd30ddd56cf19958d212e2d','Zoë O''Neill','2026-11-29 13:50:45.191876');
INSERT INTO "principals" VALUES('prn_3aaaf4d077d3de85b76db52a','org_ddd30ddd56cf19958d212e2d','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_9b819bf5e5030cecdb066630','fb90a2f8b07bb4aaedb2cf69bf321713',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_9b819bf5e5030cecdb066630','fb90a2f8b07bb4aaedb2cf69bf321713',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_c5ff144bee854b774637bee0','73cd678a02317079767060eb1494f208',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_c5ff144bee854b774637bee0','73cd678a02317079767060eb1494f208',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
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
INSERT INTO "runs" VALUES('fb90a2f8b07bb4aaedb2cf69bf321713','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7','87635537c29a52b26b8786efbedce87a','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('c2f223f1e924d954efae85eb96243e4f','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','e7ea78e51d6477c2a1f0149e9ebcc6c7','acf03d123258fc6a83728fa58cf43224','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('73cd678a02317079767060eb1494f208','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424','ea7bc3cec7240f122b0a4efcd21038af','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('526a7b191b4ac2f6616718f091943736','ws_c5ff144bee854b774637bee0','prn_426f6b8451bfb98acb1333d7','1e989ad9264cc13b82e46be221077424','56ffcda55970241ab2fd8764fb57cdc5','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
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
INSERT INTO "sessions" VALUES('ses_11b6f3d8583e23168148b8a1','ws_9b819bf5e5030cecdb066630','prn_dc60680efd9fa5ff07c7a7e4','acc_f04252d29f9bd3e788e622cf','6c8edab6df232ad3298fcd6e02340e36c3fc27698ebfca128e07447de0db544b','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_a2a8551afc9f552867d8c215','ws_c5ff144bee854b774637bee0','prn_3aaaf4d077d3de85b76db52a','acc_beabda039b16270673d895b0','3a27ba5a371d0aab313c4ab01176de6a630174f157dd3644663da5910faab95a','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_9b819bf5e5030cecdb066630','r0','key_f58923b5d51dc62550c96e7f','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_9b819bf5e5030cecdb066630','r1','key_f58923b5d51dc62550c96e7f','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_9b819bf5e5030cecdb066630','r2','key_f58923b5d51dc62550c96e7f','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_c5ff144bee854b774637bee0','r0','key_b117df861f85d73390089026','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_c5ff144bee854b774637bee0','r1','key_b117df861f85d73390089026','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_c5ff144bee854b774637bee0','r2','key_b117df861f85d73390089026','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_9b819bf5e5030cecdb066630','org_ddd30ddd56cf19958d212e2d','default','2026-11-29 13:50:45.129279');
INSERT INTO "workspaces" VALUES('ws_c5ff144bee854b774637bee0','org_ddd30ddd56cf19958d212e2d','Atelier d''été','2026-11-29 13:50:45.191876');
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

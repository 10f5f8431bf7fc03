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
INSERT INTO "accounts" VALUES('acc_fe04611cce56e486e4428bc7','org_74a825d3d768a525e3a4c80d','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_2cb6e7b4da756e9a28b03984','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','prn_cfb6f2a88003500d26705cc1','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0003');
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
INSERT INTO "api_keys" VALUES('key_3ee55039e6ab27993a28b81b','org_74a825d3d768a525e3a4c80d','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','admin','alz_4f0Zqa','1f19470d4593fc1d0ef617fc8838faa3827b8615285a97e8b1892ad71c0c7b90','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_f4e3f216e397746f45c503bb','org_74a825d3d768a525e3a4c80d','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','admin','alz_4f0Zqa','d8fbfcfc7a631fbfa8ce6e5d990bd5772a89136dd21cb7f3839617a0a3f04792','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_12d4bf6b67568501bcc187e6','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','admin','alz_4f0Zqa','fd60b600e4eeb63f2b2a3959260397046c244aaff6d25a4f34a12989fb124290','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_b40c251708ac91631f2cf4b6','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','admin','alz_4f0Zqa','7cd34cea4056bbcd0b39c5dd5795b9ff17960fcba773990c2c1276c288050d76','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_dcbbc59946e9f4832d65a5ac','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_445f1e5fe6f4abff27c73c3b','email:zoë@example.org','2026-11-24 12:30:15.123456');
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
INSERT INTO "conversations" VALUES('9fefd71339aa724de847cc085113b35e','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','0adae577c70c5fb19e7257508202adc6','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('e9226945a681c357930c72e8ea933a4a','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','e892147ed8ca090ef1fb63f1c8114db6','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
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
INSERT INTO "invitations" VALUES('inv_e53744879548be45392bd2b9','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_b33733d906f3d5117c7b2786','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_adc7bfa66b418bd37cd1e760','org_74a825d3d768a525e3a4c80d','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','owner','2026-11-29 12:35:50.633262');
INSERT INTO "members" VALUES('mem_06709a9aba0fc8bc5656b805','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','owner','2026-11-29 12:35:50.684555');
INSERT INTO "members" VALUES('mem_097704066740d59df8765828','org_74a825d3d768a525e3a4c80d','ws_33aa85125188d8b38e32dba9','prn_cfb6f2a88003500d26705cc1','owner','2026-11-24 12:30:15.123456');
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
	"left" VARCHAR NOT NULL, error_code VARCHAR, 
	CONSTRAINT pk_messages PRIMARY KEY (id), 
	CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY(workspace, principal, conversation) REFERENCES conversations (workspace, principal, id), 
	CONSTRAINT fk_messages_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_messages_parent FOREIGN KEY(parent) REFERENCES messages (id)
);
INSERT INTO "messages" VALUES('3f6deddf161d3a1ba66782c76a73604f','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('c50a503ce6ca4fe03dcd6b3b20df905c','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e','3f6deddf161d3a1ba66782c76a73604f','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','ea3ec21f01c0b209b25ad2b1649e8e9d','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('fa2c210332d92e6f06e16d4d2f469c1a','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('0adae577c70c5fb19e7257508202adc6','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e','fa2c210332d92e6f06e16d4d2f469c1a','assistant','','','2026-11-24 12:30:15.123456','[]','c2de195b15ad082adca420aba1abfc9a','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('fd3b658d69775a2e75cf22ce87fbb6c0','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('31b267e9c1dbcf787b734a5d82116659','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a','fd3b658d69775a2e75cf22ce87fbb6c0','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','cb11515c6b9814265aaf38539a575bf4','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('cf915413873ef520018f243498fade20','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
INSERT INTO "messages" VALUES('e892147ed8ca090ef1fb63f1c8114db6','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a','cf915413873ef520018f243498fade20','assistant','','','2026-11-24 12:30:15.123456','[]','f69c35e2ac559f7368f5b53c13f0369e','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL);
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_74a825d3d768a525e3a4c80d','default','2026-11-29 12:35:50.633262');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_8df2d7cd5997ff982b247a12','org_74a825d3d768a525e3a4c80d','owner','2026-11-29 12:35:50.633262');
INSERT INTO "principals" VALUES('prn_b33733d906f3d5117c7b2786','org_74a825d3d768a525e3a4c80d','Zoë O''Neill','2026-11-29 12:35:50.684555');
INSERT INTO "principals" VALUES('prn_cfb6f2a88003500d26705cc1','org_74a825d3d768a525e3a4c80d','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_aebc55e4a37a297194a786b9','ea3ec21f01c0b209b25ad2b1649e8e9d',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_aebc55e4a37a297194a786b9','ea3ec21f01c0b209b25ad2b1649e8e9d',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_33aa85125188d8b38e32dba9','cb11515c6b9814265aaf38539a575bf4',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_33aa85125188d8b38e32dba9','cb11515c6b9814265aaf38539a575bf4',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
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
INSERT INTO "runs" VALUES('ea3ec21f01c0b209b25ad2b1649e8e9d','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e','c50a503ce6ca4fe03dcd6b3b20df905c','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('c2de195b15ad082adca420aba1abfc9a','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','9fefd71339aa724de847cc085113b35e','0adae577c70c5fb19e7257508202adc6','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('cb11515c6b9814265aaf38539a575bf4','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a','31b267e9c1dbcf787b734a5d82116659','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('f69c35e2ac559f7368f5b53c13f0369e','ws_33aa85125188d8b38e32dba9','prn_b33733d906f3d5117c7b2786','e9226945a681c357930c72e8ea933a4a','e892147ed8ca090ef1fb63f1c8114db6','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
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
INSERT INTO "sessions" VALUES('ses_0944d2f791d05af6be7971ec','ws_aebc55e4a37a297194a786b9','prn_8df2d7cd5997ff982b247a12','acc_fe04611cce56e486e4428bc7','ee30978724fb824a74e7183f8ec93d6e2c07f7adbe4d0f479d14eb145b4e3ec1','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_2e5076b9bfd384e3c2ef80da','ws_33aa85125188d8b38e32dba9','prn_cfb6f2a88003500d26705cc1','acc_2cb6e7b4da756e9a28b03984','2e3ae344dc6ee3238e9affbff604b14e60e924a526bf6dc642bb5b0ed6af2501','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_aebc55e4a37a297194a786b9','r0','key_3ee55039e6ab27993a28b81b','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_aebc55e4a37a297194a786b9','r1','key_3ee55039e6ab27993a28b81b','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_aebc55e4a37a297194a786b9','r2','key_3ee55039e6ab27993a28b81b','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_33aa85125188d8b38e32dba9','r0','key_12d4bf6b67568501bcc187e6','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_33aa85125188d8b38e32dba9','r1','key_12d4bf6b67568501bcc187e6','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_33aa85125188d8b38e32dba9','r2','key_12d4bf6b67568501bcc187e6','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_aebc55e4a37a297194a786b9','org_74a825d3d768a525e3a4c80d','default','2026-11-29 12:35:50.633262');
INSERT INTO "workspaces" VALUES('ws_33aa85125188d8b38e32dba9','org_74a825d3d768a525e3a4c80d','Atelier d''été','2026-11-29 12:35:50.684555');
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

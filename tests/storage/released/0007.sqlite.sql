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
INSERT INTO "accounts" VALUES('acc_2cfc14527863b5053d6839bb','org_d14ab468921ff87e55a0af73','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_da475fa3e917525b56f7c69c','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','prn_62b70f99af92f50ec93eb671','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0007');
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
INSERT INTO "api_keys" VALUES('key_2fe959e49d808ee24266dce6','org_d14ab468921ff87e55a0af73','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','admin','alz_4f0Zqa','298102a4b06bafc73280a53db231e65f6701aa7c4b84b2c3fb4d8e2f57c6ef87','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_148539a411d3c71b662078ac','org_d14ab468921ff87e55a0af73','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','admin','alz_4f0Zqa','eccc830121f14f26382c5a06f3185bdfd313cc2d71ad8b205627f16dd4035158','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_2b823c04d1e23e41cf28c612','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','admin','alz_4f0Zqa','5e9d2b991d7b9ec27b14d19bce9484bad9fa1fddf6795aa54ecf91c38bc34347','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_f7256fa69c3f8ba9ebebc8ee','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','admin','alz_4f0Zqa','e4017041c52bbfacbdb38e272c30e08ca79dc07f78e9a4da09b45c2e101f874c','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
CREATE TABLE attachments (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	bytes BIGINT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	touched DATETIME NOT NULL, 
	CONSTRAINT pk_attachments PRIMARY KEY (id), 
	CONSTRAINT fk_attachments_workspace_sha256 FOREIGN KEY(workspace, sha256) REFERENCES objects (workspace, sha256), 
	CONSTRAINT fk_attachments_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "attachments" VALUES('att_989433845e91c54f18fdc3ef','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
INSERT INTO "attachments" VALUES('att_0fa73b867e17aaf634239bbf','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_d4fa518b53b413f4a3b0548a','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_fe16ccb82787843787599321','email:zoë@example.org','2026-11-24 12:30:15.123456');
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
INSERT INTO "conversations" VALUES('4c001472db8cfadb047aa54c16a0cab7','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','57e0007a6a7e07a1cdc5fa2e357a564f','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('7cc139d4556eeef02ad554a0ad70c8d4','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','4107ff80f6f2f47392ad1139ff443bb3','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
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
INSERT INTO "invitations" VALUES('inv_966b35bec1e0f3813eab1259','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_171d759c3d8a8be127a21534','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_585f6d35f3b176297f5fe736','org_d14ab468921ff87e55a0af73','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','owner','2026-12-01 19:39:47.533402');
INSERT INTO "members" VALUES('mem_05c2f792a8a474bbd3f9e6ec','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','owner','2026-12-01 19:39:47.990626');
INSERT INTO "members" VALUES('mem_63f5ee1e76e4f3c7f22686bf','org_d14ab468921ff87e55a0af73','ws_8b4c6dbd54307e11a129235a','prn_62b70f99af92f50ec93eb671','owner','2026-11-24 12:30:15.123456');
CREATE TABLE message_attachments (
	workspace VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	attachment VARCHAR NOT NULL, 
	CONSTRAINT pk_message_attachments PRIMARY KEY (message, attachment), 
	CONSTRAINT fk_message_attachments_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_message_attachments_message FOREIGN KEY(message) REFERENCES messages (id), 
	CONSTRAINT fk_message_attachments_attachment FOREIGN KEY(attachment) REFERENCES attachments (id)
);
INSERT INTO "message_attachments" VALUES('ws_66581e929615c8818e3199f7','9bd2929cecfabf65db9a9e4e88ae6872','att_989433845e91c54f18fdc3ef');
INSERT INTO "message_attachments" VALUES('ws_8b4c6dbd54307e11a129235a','692a406c649cd5c1c862ec7868b02a90','att_0fa73b867e17aaf634239bbf');
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
	"left" VARCHAR NOT NULL, error_code VARCHAR, thought VARCHAR DEFAULT '' NOT NULL, thought_seconds FLOAT DEFAULT '0' NOT NULL, error_reason VARCHAR, error_values VARCHAR DEFAULT '{}' NOT NULL, 
	CONSTRAINT pk_messages PRIMARY KEY (id), 
	CONSTRAINT fk_messages_workspace_principal_conversation FOREIGN KEY(workspace, principal, conversation) REFERENCES conversations (workspace, principal, id), 
	CONSTRAINT fk_messages_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_messages_parent FOREIGN KEY(parent) REFERENCES messages (id)
);
INSERT INTO "messages" VALUES('533c8ce958af60484c4a59d1af48e102','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('5b5fa8b5477ef12908e2fc2d693ac3a9','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7','533c8ce958af60484c4a59d1af48e102','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','b1192d00f5b6fc0432aa7beff43186e0','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('9bd2929cecfabf65db9a9e4e88ae6872','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_989433845e91c54f18fdc3ef"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('57e0007a6a7e07a1cdc5fa2e357a564f','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7','9bd2929cecfabf65db9a9e4e88ae6872','assistant','','','2026-11-24 12:30:15.123456','[]','40b0dfec7fce5a717f6911befdc0b110','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('4f1c6aa1dc828d57130394e260f20e82','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('8237cab18eb00a448438c1d5955ba246','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4','4f1c6aa1dc828d57130394e260f20e82','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','ca7d503771012288add75cdb0622e200','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('692a406c649cd5c1c862ec7868b02a90','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_0fa73b867e17aaf634239bbf"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('4107ff80f6f2f47392ad1139ff443bb3','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4','692a406c649cd5c1c862ec7868b02a90','assistant','','','2026-11-24 12:30:15.123456','[]','0c876dbe4d7260f6620f3fdc525d9fb4','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
CREATE TABLE objects (
	workspace VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_objects PRIMARY KEY (workspace, sha256), 
	CONSTRAINT fk_objects_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "objects" VALUES('ws_66581e929615c8818e3199f7','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
INSERT INTO "objects" VALUES('ws_8b4c6dbd54307e11a129235a','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_d14ab468921ff87e55a0af73','default','2026-12-01 19:39:47.533402');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_02fef4f34bc21eead75b4a3e','org_d14ab468921ff87e55a0af73','owner','2026-12-01 19:39:47.533402');
INSERT INTO "principals" VALUES('prn_171d759c3d8a8be127a21534','org_d14ab468921ff87e55a0af73','Zoë O''Neill','2026-12-01 19:39:47.990626');
INSERT INTO "principals" VALUES('prn_62b70f99af92f50ec93eb671','org_d14ab468921ff87e55a0af73','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE replays (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_replays PRIMARY KEY (workspace, run), 
	CONSTRAINT fk_replays_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "replays" VALUES('ws_66581e929615c8818e3199f7','b1192d00f5b6fc0432aa7beff43186e0',X'789CAB564ACB2FCA4D2C51B2524ACCC9AC4AD52B4A2DC849AC54D2512A4B2D2ACECCCF53B232AC0500F9190CF5');
INSERT INTO "replays" VALUES('ws_8b4c6dbd54307e11a129235a','ca7d503771012288add75cdb0622e200',X'789CAB564ACB2FCA4D2C51B2524ACCC9AC4AD52B4A2DC849AC54D2512A4B2D2ACECCCF53B232AC0500F9190CF5');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_66581e929615c8818e3199f7','b1192d00f5b6fc0432aa7beff43186e0',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_66581e929615c8818e3199f7','b1192d00f5b6fc0432aa7beff43186e0',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_8b4c6dbd54307e11a129235a','ca7d503771012288add75cdb0622e200',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_8b4c6dbd54307e11a129235a','ca7d503771012288add75cdb0622e200',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
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
INSERT INTO "runs" VALUES('b1192d00f5b6fc0432aa7beff43186e0','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7','5b5fa8b5477ef12908e2fc2d693ac3a9','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('40b0dfec7fce5a717f6911befdc0b110','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','4c001472db8cfadb047aa54c16a0cab7','57e0007a6a7e07a1cdc5fa2e357a564f','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('ca7d503771012288add75cdb0622e200','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4','8237cab18eb00a448438c1d5955ba246','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('0c876dbe4d7260f6620f3fdc525d9fb4','ws_8b4c6dbd54307e11a129235a','prn_171d759c3d8a8be127a21534','7cc139d4556eeef02ad554a0ad70c8d4','4107ff80f6f2f47392ad1139ff443bb3','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
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
INSERT INTO "sessions" VALUES('ses_adc087c907babdd890030d59','ws_66581e929615c8818e3199f7','prn_02fef4f34bc21eead75b4a3e','acc_2cfc14527863b5053d6839bb','096b5e842188ee1534cf9b9da4308c109032a8cf58947020b628808d84c32b19','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_51c11e64f9c084990713a2cf','ws_8b4c6dbd54307e11a129235a','prn_62b70f99af92f50ec93eb671','acc_da475fa3e917525b56f7c69c','2fcaee14634b16dadcc9511a0cfe4613cc49b764425fd3a87fdcbd772a733f52','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_66581e929615c8818e3199f7','r0','key_2fe959e49d808ee24266dce6','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_66581e929615c8818e3199f7','r1','key_2fe959e49d808ee24266dce6','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_66581e929615c8818e3199f7','r2','key_2fe959e49d808ee24266dce6','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_8b4c6dbd54307e11a129235a','r0','key_2b823c04d1e23e41cf28c612','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_8b4c6dbd54307e11a129235a','r1','key_2b823c04d1e23e41cf28c612','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_8b4c6dbd54307e11a129235a','r2','key_2b823c04d1e23e41cf28c612','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_66581e929615c8818e3199f7','org_d14ab468921ff87e55a0af73','default','2026-12-01 19:39:47.533402');
INSERT INTO "workspaces" VALUES('ws_8b4c6dbd54307e11a129235a','org_d14ab468921ff87e55a0af73','Atelier d''été','2026-12-01 19:39:47.990626');
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
CREATE INDEX ix_attachments_workspace_sha256 ON attachments (workspace, sha256);
CREATE INDEX ix_attachments_touched ON attachments (touched);
CREATE INDEX ix_message_attachments_attachment ON message_attachments (attachment);
COMMIT;

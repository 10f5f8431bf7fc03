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
INSERT INTO "accounts" VALUES('acc_92aa72b3ce3affc1e63482ef','org_f6eabe3bf75752dabbb699e7','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_5b0d9fccb4801f72c6489343','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','prn_ac0d8eeee362b763c3deb339','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0005');
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
INSERT INTO "api_keys" VALUES('key_e26103592d544405a1162462','org_f6eabe3bf75752dabbb699e7','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','admin','alz_4f0Zqa','03f4d70e93c61edb9ea9ee8f9a739617a39b315dda3808100cd32caed9b3dceb','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_455e082517b32f4dd7be3ec4','org_f6eabe3bf75752dabbb699e7','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','admin','alz_4f0Zqa','c542174417aeda377d9e28947584b2af69640827637f65d1e8612825053a5e91','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_a4f9ce70e73eafaa0ad04f8f','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','admin','alz_4f0Zqa','fdf914cb1d14f8d98e5f532d041d6f0472cd9d572fce27bb7eb0d7aed598f72d','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_5ccbe83e2c01418e1dc37348','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','admin','alz_4f0Zqa','19cbb564816c31824816c2526ef302e9354ab169df91927921830a7a358b5ab1','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
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
INSERT INTO "attachments" VALUES('att_1ee82ce622a4a7642e816f9f','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
INSERT INTO "attachments" VALUES('att_db3d5b85e00bf48a7ccaf0cb','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_2447146c97ecd495ed68031d','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_c025ec1ba78a768ac4413254','email:zoë@example.org','2026-11-24 12:30:15.123456');
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
INSERT INTO "conversations" VALUES('1ed7181e52a92f7486974f0840c7d599','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','1f60d0fec4e113a4458d4b151bac398c','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('cba4b4ba7f61adb19ce4e48568d8244c','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','19b3e4931d44d5532ef86d879089abd0','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
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
INSERT INTO "invitations" VALUES('inv_c79c4a5bf196e26967013271','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_056ae75ae86db81293ddd046','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_701455e3b4e1d9eca33e389b','org_f6eabe3bf75752dabbb699e7','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','owner','2026-11-29 16:48:05.918856');
INSERT INTO "members" VALUES('mem_fdecb3031ba320c06333ac5e','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','owner','2026-11-29 16:48:05.980577');
INSERT INTO "members" VALUES('mem_17c0c8912136bc8eb42d08f3','org_f6eabe3bf75752dabbb699e7','ws_baa869b0bd0314ed3547a274','prn_ac0d8eeee362b763c3deb339','owner','2026-11-24 12:30:15.123456');
CREATE TABLE message_attachments (
	workspace VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	attachment VARCHAR NOT NULL, 
	CONSTRAINT pk_message_attachments PRIMARY KEY (message, attachment), 
	CONSTRAINT fk_message_attachments_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_message_attachments_message FOREIGN KEY(message) REFERENCES messages (id), 
	CONSTRAINT fk_message_attachments_attachment FOREIGN KEY(attachment) REFERENCES attachments (id)
);
INSERT INTO "message_attachments" VALUES('ws_5f6da4d8402d2d3e8c9f5756','ac7e25f638549637ff6b0c6d4b7a1625','att_1ee82ce622a4a7642e816f9f');
INSERT INTO "message_attachments" VALUES('ws_baa869b0bd0314ed3547a274','e5de82a96cde293fca88432865c80957','att_db3d5b85e00bf48a7ccaf0cb');
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
INSERT INTO "messages" VALUES('0721866e5c3add2f1147212e723a713c','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('855836b2eceb7ecd41fdd6333c6b4da9','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599','0721866e5c3add2f1147212e723a713c','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','2a46bbad1679672630694577900329c1','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('ac7e25f638549637ff6b0c6d4b7a1625','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_1ee82ce622a4a7642e816f9f"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('1f60d0fec4e113a4458d4b151bac398c','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599','ac7e25f638549637ff6b0c6d4b7a1625','assistant','','','2026-11-24 12:30:15.123456','[]','f30660e3349184d573f63ecc3f29d034','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('deefb01dbf0ff56656ec6d945ebcabd0','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('e2d35239accfab40262bb380c80fd983','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c','deefb01dbf0ff56656ec6d945ebcabd0','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','fb5f256d11b8279e1144e6f1eb4e999f','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('e5de82a96cde293fca88432865c80957','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_db3d5b85e00bf48a7ccaf0cb"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
INSERT INTO "messages" VALUES('19b3e4931d44d5532ef86d879089abd0','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c','e5de82a96cde293fca88432865c80957','assistant','','','2026-11-24 12:30:15.123456','[]','c9a2fb1f55ce20a9a38daa95c21f9572','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0);
CREATE TABLE objects (
	workspace VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_objects PRIMARY KEY (workspace, sha256), 
	CONSTRAINT fk_objects_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "objects" VALUES('ws_5f6da4d8402d2d3e8c9f5756','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
INSERT INTO "objects" VALUES('ws_baa869b0bd0314ed3547a274','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_f6eabe3bf75752dabbb699e7','default','2026-11-29 16:48:05.918856');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_5f9614b6900dd49eeab6f96e','org_f6eabe3bf75752dabbb699e7','owner','2026-11-29 16:48:05.918856');
INSERT INTO "principals" VALUES('prn_056ae75ae86db81293ddd046','org_f6eabe3bf75752dabbb699e7','Zoë O''Neill','2026-11-29 16:48:05.980577');
INSERT INTO "principals" VALUES('prn_ac0d8eeee362b763c3deb339','org_f6eabe3bf75752dabbb699e7','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_5f6da4d8402d2d3e8c9f5756','2a46bbad1679672630694577900329c1',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_5f6da4d8402d2d3e8c9f5756','2a46bbad1679672630694577900329c1',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_baa869b0bd0314ed3547a274','fb5f256d11b8279e1144e6f1eb4e999f',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_baa869b0bd0314ed3547a274','fb5f256d11b8279e1144e6f1eb4e999f',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
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
INSERT INTO "runs" VALUES('2a46bbad1679672630694577900329c1','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599','855836b2eceb7ecd41fdd6333c6b4da9','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('f30660e3349184d573f63ecc3f29d034','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','1ed7181e52a92f7486974f0840c7d599','1f60d0fec4e113a4458d4b151bac398c','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('fb5f256d11b8279e1144e6f1eb4e999f','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c','e2d35239accfab40262bb380c80fd983','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('c9a2fb1f55ce20a9a38daa95c21f9572','ws_baa869b0bd0314ed3547a274','prn_056ae75ae86db81293ddd046','cba4b4ba7f61adb19ce4e48568d8244c','19b3e4931d44d5532ef86d879089abd0','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
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
INSERT INTO "sessions" VALUES('ses_e0588fcba51b39b6cc3e3292','ws_5f6da4d8402d2d3e8c9f5756','prn_5f9614b6900dd49eeab6f96e','acc_92aa72b3ce3affc1e63482ef','b803ed2898db9f2443d799b202c326fdf6273ab220279980f9d0803e8d397b2e','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_29fe5e81ae8ce1ed1a551227','ws_baa869b0bd0314ed3547a274','prn_ac0d8eeee362b763c3deb339','acc_5b0d9fccb4801f72c6489343','4cb48612fc5747baf7ce9e603ec354b749f5336005c408d6b58f7acd6f60d0c0','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_5f6da4d8402d2d3e8c9f5756','r0','key_e26103592d544405a1162462','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_5f6da4d8402d2d3e8c9f5756','r1','key_e26103592d544405a1162462','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_5f6da4d8402d2d3e8c9f5756','r2','key_e26103592d544405a1162462','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_baa869b0bd0314ed3547a274','r0','key_a4f9ce70e73eafaa0ad04f8f','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_baa869b0bd0314ed3547a274','r1','key_a4f9ce70e73eafaa0ad04f8f','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_baa869b0bd0314ed3547a274','r2','key_a4f9ce70e73eafaa0ad04f8f','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_5f6da4d8402d2d3e8c9f5756','org_f6eabe3bf75752dabbb699e7','default','2026-11-29 16:48:05.918856');
INSERT INTO "workspaces" VALUES('ws_baa869b0bd0314ed3547a274','org_f6eabe3bf75752dabbb699e7','Atelier d''été','2026-11-29 16:48:05.980577');
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

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
INSERT INTO "accounts" VALUES('acc_b703335251487a5ab03e0bfd','org_121d561146d8d67ea932344a','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','owner@example.org','owner','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "accounts" VALUES('acc_1ecd0d0d9673f10a16f84d6f','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','prn_4863fb13f91c703c6ee5e84a','zoë@example.org','Zoë O''Neill','$argon2id$…','fr','dark','2026-11-24 12:30:15.123456',NULL);
CREATE TABLE alize_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alize_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alize_schema" VALUES('0006');
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
INSERT INTO "api_keys" VALUES('key_faf509fbe9b3cd98d55f77a7','org_121d561146d8d67ea932344a','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','admin','alz_4f0Zqa','ce0ab11e79626394a4a4d24e996ff9166cedb0d01900915507e6352786d2fc8a','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_9db83bd9dc26236a58746892','org_121d561146d8d67ea932344a','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','admin','alz_4f0Zqa','8a17db5a03c1b9ce53adb21f09e9e92c1ff8f889a9e4a00c23de5a363a699835','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
INSERT INTO "api_keys" VALUES('key_4a4132da50db609559382066','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','admin','alz_4f0Zqa','3604d6b492b214de43c27b2df19464024482899577e14d52f308f204a2fa3873','inference admin','2026-11-24 12:30:15.123456','2026-11-27 12:30:15.123456',NULL,NULL);
INSERT INTO "api_keys" VALUES('key_79fceb145253007ef9ab121b','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','admin','alz_4f0Zqa','2feba71d086046bfe0a5d1561d16807694bf8f86037c2026433a63323988e47e','inference','2026-11-24 12:30:15.123456',NULL,'2026-11-24 12:30:15.123456','2026-12-03 12:30:15.123456');
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
INSERT INTO "attachments" VALUES('att_47041dbecc594e212e41168b','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
INSERT INTO "attachments" VALUES('att_e2de934dc4a4558b9bca7254','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','été.gif','image/gif',3,'76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456');
CREATE TABLE attempts (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('try_66f107feaa65b519ac9c1849','email:owner@example.org','2026-11-24 12:30:15.123456');
INSERT INTO "attempts" VALUES('try_792010a8211746c2e768a4c0','email:zoë@example.org','2026-11-24 12:30:15.123456');
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
INSERT INTO "conversations" VALUES('6ec5fee578a87963ac5bb7de530c3294','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','259aab96dcf0611602442760433f7ef1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
INSERT INTO "conversations" VALUES('591834c22970b632fe497595bfbc2e15','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','Été à Zürich','ete a zurich','model','','{"system":"Réponds court.","temperature":0.2}','a867eeb79500ab127c41e61f8cbd78a8','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL,NULL);
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
INSERT INTO "invitations" VALUES('inv_53fdaf4ac484732e47301a09','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7','owner','a friend','prn_9c569d7283a27fa48bef31dc','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
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
INSERT INTO "members" VALUES('mem_528e6e089b28e64f4c9fc8d2','org_121d561146d8d67ea932344a','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','owner','2026-11-30 09:05:19.572804');
INSERT INTO "members" VALUES('mem_af757b20f0ccb477827c2609','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','owner','2026-11-30 09:05:19.943720');
INSERT INTO "members" VALUES('mem_3b62f9b231b8a12352131052','org_121d561146d8d67ea932344a','ws_5e6af468fcfe0edbd70079bd','prn_4863fb13f91c703c6ee5e84a','owner','2026-11-24 12:30:15.123456');
CREATE TABLE message_attachments (
	workspace VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	attachment VARCHAR NOT NULL, 
	CONSTRAINT pk_message_attachments PRIMARY KEY (message, attachment), 
	CONSTRAINT fk_message_attachments_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id), 
	CONSTRAINT fk_message_attachments_message FOREIGN KEY(message) REFERENCES messages (id), 
	CONSTRAINT fk_message_attachments_attachment FOREIGN KEY(attachment) REFERENCES attachments (id)
);
INSERT INTO "message_attachments" VALUES('ws_da723b63515654fa2fa1b347','8c694aaef7fe3999df371949dce26a90','att_47041dbecc594e212e41168b');
INSERT INTO "message_attachments" VALUES('ws_5e6af468fcfe0edbd70079bd','ad7884cb4ddd6833a1290433f6cfbc43','att_e2de934dc4a4558b9bca7254');
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
INSERT INTO "messages" VALUES('cdbecc85bcbd95c67e0769c511edb1be','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('fbfbf084b24d260d92a1549fc34680c8','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294','cdbecc85bcbd95c67e0769c511edb1be','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','93c552f4d1f2a117fe1979636ab32ab0','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('8c694aaef7fe3999df371949dce26a90','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_47041dbecc594e212e41168b"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('259aab96dcf0611602442760433f7ef1','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294','8c694aaef7fe3999df371949dce26a90','assistant','','','2026-11-24 12:30:15.123456','[]','3468c5e6ca4f7f20aab8619a1599e43a','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('b3e7ea43127de064dbe20f45cd67b169','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15',NULL,'user','Où est l''été ?','ou est l''ete ?','2026-11-24 12:30:15.123456','[{"name":"notes.txt","type":"text/plain","text":"賃貸契約"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('13d4fad99b1914cf3cc008b0cee211b2','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15','b3e7ea43127de064dbe20f45cd67b169','assistant','Ici.','ici.','2026-11-24 12:30:15.123456','[]','b3bb19b79e21397de55a7232da795c60','smollm2-135m-instruct','','done','stop',NULL,9,3,0.5,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('ad7884cb4ddd6833a1290433f6cfbc43','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15',NULL,'user','Où est l''hiver ?','ou est l''hiver ?','2026-11-24 12:30:15.123456','[{"name":"été.gif","type":"image/gif","id":"att_e2de934dc4a4558b9bca7254"}]',NULL,'','','done',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
INSERT INTO "messages" VALUES('a867eeb79500ab127c41e61f8cbd78a8','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15','ad7884cb4ddd6833a1290433f6cfbc43','assistant','','','2026-11-24 12:30:15.123456','[]','795b883b6c3212b6d6414d613bb4db41','','','waiting',NULL,NULL,0,0,0.0,0.0,'[]',NULL,'',0.0,NULL,'{}');
CREATE TABLE objects (
	workspace VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_objects PRIMARY KEY (workspace, sha256), 
	CONSTRAINT fk_objects_workspace FOREIGN KEY(workspace) REFERENCES workspaces (id)
);
INSERT INTO "objects" VALUES('ws_da723b63515654fa2fa1b347','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
INSERT INTO "objects" VALUES('ws_5e6af468fcfe0edbd70079bd','76c664ef152e065922fed4727315d065b8fb1aed61015cdaef7bcfea3c58d5ab',X'474946');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id), 
	CONSTRAINT uq_organizations_name UNIQUE (name)
);
INSERT INTO "organizations" VALUES('org_121d561146d8d67ea932344a','default','2026-11-30 09:05:19.572804');
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_principals PRIMARY KEY (id), 
	CONSTRAINT fk_principals_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "principals" VALUES('prn_e226a15b4586e221dc4b099b','org_121d561146d8d67ea932344a','owner','2026-11-30 09:05:19.572804');
INSERT INTO "principals" VALUES('prn_9c569d7283a27fa48bef31dc','org_121d561146d8d67ea932344a','Zoë O''Neill','2026-11-30 09:05:19.943720');
INSERT INTO "principals" VALUES('prn_4863fb13f91c703c6ee5e84a','org_121d561146d8d67ea932344a','Zoë O''Neill','2026-11-24 12:30:15.123456');
CREATE TABLE run_events (
	workspace VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	data VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (workspace, run, seq), 
	CONSTRAINT fk_run_events_workspace_run FOREIGN KEY(workspace, run) REFERENCES runs (workspace, id)
);
INSERT INTO "run_events" VALUES('ws_da723b63515654fa2fa1b347','93c552f4d1f2a117fe1979636ab32ab0',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_da723b63515654fa2fa1b347','93c552f4d1f2a117fe1979636ab32ab0',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_5e6af468fcfe0edbd70079bd','b3bb19b79e21397de55a7232da795c60',1,'{"type":"message.output.delta","content":"Ici."}','2026-11-24 12:30:15.123456');
INSERT INTO "run_events" VALUES('ws_5e6af468fcfe0edbd70079bd','b3bb19b79e21397de55a7232da795c60',2,'{"type":"conversation.response.done"}','2026-11-24 12:30:15.123456');
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
INSERT INTO "runs" VALUES('93c552f4d1f2a117fe1979636ab32ab0','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294','fbfbf084b24d260d92a1549fc34680c8','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('3468c5e6ca4f7f20aab8619a1599e43a','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','6ec5fee578a87963ac5bb7de530c3294','259aab96dcf0611602442760433f7ef1','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
INSERT INTO "runs" VALUES('b3bb19b79e21397de55a7232da795c60','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15','13d4fad99b1914cf3cc008b0cee211b2','done','worker','2026-11-24 12:30:15.123456',2,'2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456',NULL);
INSERT INTO "runs" VALUES('795b883b6c3212b6d6414d613bb4db41','ws_5e6af468fcfe0edbd70079bd','prn_9c569d7283a27fa48bef31dc','591834c22970b632fe497595bfbc2e15','a867eeb79500ab127c41e61f8cbd78a8','waiting','','2026-11-24 12:30:15.123456',0,'2026-11-24 12:30:15.123456',NULL,NULL,NULL);
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
INSERT INTO "sessions" VALUES('ses_0a6ab08bab9f41fbf3de8032','ws_da723b63515654fa2fa1b347','prn_e226a15b4586e221dc4b099b','acc_b703335251487a5ab03e0bfd','611bee7f40b28cdc146a97155dee5e3121a1e7c0fd4c08549d9672719deda7f4','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
INSERT INTO "sessions" VALUES('ses_ff135cbfcb7128a7eea40577','ws_5e6af468fcfe0edbd70079bd','prn_4863fb13f91c703c6ee5e84a','acc_1ecd0d0d9673f10a16f84d6f','97a8f7e39fe0c93c3ce12e9a12e5d88309cab28b794dba601b58fb38b405850c','Mozilla/5.0','127.0.0.1','2026-11-24 12:30:15.123456','2026-11-24 12:30:15.123456','2026-12-24 12:30:15.123456');
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
INSERT INTO "usage" VALUES('ws_da723b63515654fa2fa1b347','r0','key_faf509fbe9b3cd98d55f77a7','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_da723b63515654fa2fa1b347','r1','key_faf509fbe9b3cd98d55f77a7','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_da723b63515654fa2fa1b347','r2','key_faf509fbe9b3cd98d55f77a7','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_5e6af468fcfe0edbd70079bd','r0','key_4a4132da50db609559382066','smollm2-135m-instruct','/v1/chat/completions',30,16,0,'stop','2026-11-24 12:30:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_5e6af468fcfe0edbd70079bd','r1','key_4a4132da50db609559382066','smollm2-135m-instruct','/v1/chat/completions',30,16,7,'length','2026-11-24 12:31:15.123456',0.75);
INSERT INTO "usage" VALUES('ws_5e6af468fcfe0edbd70079bd','r2','key_4a4132da50db609559382066','smollm2-135m-instruct','/v1/chat/completions',30,16,14,'cancelled','2026-11-24 12:32:15.123456',0.75);
CREATE TABLE workspaces (
	id VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_organization_name UNIQUE (organization, name), 
	CONSTRAINT fk_workspaces_organization FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "workspaces" VALUES('ws_da723b63515654fa2fa1b347','org_121d561146d8d67ea932344a','default','2026-11-30 09:05:19.572804');
INSERT INTO "workspaces" VALUES('ws_5e6af468fcfe0edbd70079bd','org_121d561146d8d67ea932344a','Atelier d''été','2026-11-30 09:05:19.943720');
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

"""Requests with no, an unknown or a wrong signature, or a stale date: AWS's error, and nothing has changed."""

import datetime
import json
import unittest
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from fixture import PASS, ClientTest

EXPIRED = "Signature expired"


class SignatureTest(ClientTest):
    def setUp(self):
        self.machine = self.make_machine(PASS)
        self.body = json.dumps({"stateMachineArn": self.machine}).encode()

    def signed(self, access_key=None, secret=None, service="states"):
        request = botocore.awsrequest.AWSRequest("POST", self.variables["AWS_ENDPOINT_URL"] + "/", data=self.body, headers={
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.StartExecution"})
        credentials = botocore.credentials.Credentials(access_key or self.variables["AWS_ACCESS_KEY_ID"],
                                                       secret or self.variables["AWS_SECRET_ACCESS_KEY"])
        botocore.auth.SigV4Auth(credentials, service, self.variables["AWS_REGION"]).add_auth(request)
        return dict(request.prepare().headers)

    def send(self, headers, body=None):
        request = urllib.request.Request(self.variables["AWS_ENDPOINT_URL"] + "/", data=body or self.body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, {}
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def check_refused(self, headers, name, body=None, message=""):
        status, answer = self.send(headers, body)
        self.assertIn(status, (400, 403))
        self.assertEqual(answer["__type"].split("#")[-1], name)
        self.assertIn(message, answer.get("message", answer.get("Message", "")))
        self.assertEqual(self.states.list_executions(stateMachineArn=self.machine)["executions"], [])

    def signed_at(self, moment):
        class Frozen(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return moment
        real = botocore.auth.datetime
        try:
            if hasattr(real, "datetime"):
                botocore.auth.datetime = type("module", (), {"datetime": Frozen})
            else:
                botocore.auth.datetime = Frozen
            return self.signed()
        finally:
            botocore.auth.datetime = real

    def test_a_right_signature_is_accepted(self):
        self.assertEqual(self.send(self.signed())[0], 200)

    def test_no_signature(self):
        headers = self.signed()
        del headers["Authorization"]
        self.check_refused(headers, "MissingAuthenticationTokenException")

    def test_unknown_key(self):
        self.check_refused(self.signed("AKIAAAAAAAAAAAAAAAAA", "x" * 40), "UnrecognizedClientException",
                           message="The security token included in the request is invalid.")

    def test_wrong_secret(self):
        self.check_refused(self.signed(secret="x" * 40), "InvalidSignatureException")

    def test_changed_body(self):
        changed = self.body.replace(b"}", b', "name": "forged"}')
        headers = self.signed()
        headers["Content-Length"] = str(len(changed))
        self.check_refused(headers, "InvalidSignatureException", body=changed)

    def test_changed_header(self):
        headers = self.signed()
        headers["X-Amz-Target"] = "AWSStepFunctions.DeleteStateMachine"
        self.check_refused(headers, "InvalidSignatureException")
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=self.machine)["status"], "ACTIVE")

    def test_stale_date(self):
        stale = datetime.datetime.utcnow() - datetime.timedelta(minutes=20)
        self.check_refused(self.signed_at(stale), "InvalidSignatureException", message=EXPIRED)

    def test_date_of_the_future(self):
        future = datetime.datetime.utcnow() + datetime.timedelta(minutes=20)
        self.check_refused(self.signed_at(future), "InvalidSignatureException")

    def test_broken_authorization(self):
        headers = self.signed()
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=nonsense"
        self.check_refused(headers, "IncompleteSignatureException")


if __name__ == "__main__":
    unittest.main()

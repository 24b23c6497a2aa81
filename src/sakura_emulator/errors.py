"""Refusals of the emulated API, with the error catalogue's status and words."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

_TEXTS = {
    "unauthorized": "認証に失敗しました。",
    "forbidden": "アクセスが拒否されました。",
    "not_found": "対象が見つかりません。対象は利用できない状態か、IDまたはパスに誤りがあります。",
    "resource_path_not_found": "リソースのパスが見つかりません。URLに誤りがあります。",
    "bad_request": "不適切な要求です。",
    "invalid_format": "不適切な書式です。",
    "invalid_range": "値が範囲外です。",
    "invalid_param_comb": "パラメータの組み合わせが不適切です。",
    "missing_param": "必須のパラメータがありません。",
    "param_res_not_found": "パラメータで指定されたリソースが見つかりません。",
    "cant_resize_smaller": "元のサイズより小さくすることはできません。",
    "conflict": "現在の状態ではその操作を行えません。",
    "still_creating": "対象は作成中です。しばらくしてから再度お試しください。",
    "res_already_exists": "同じリソースがすでに存在します。",
    "res_already_connected": "すでに接続されています。",
    "res_already_disconnected": "すでに切断されています。",
    "disconnect_b4_delete": "削除の前に接続を解除してください。",
    "server_power_must_be_down": "サーバの電源を切ってから実行してください。",
    "server_power_must_be_up": "サーバの電源を入れてから実行してください。",
    "disk_is_copying": "ディスクはコピー中です。",
    "disk_is_not_available": "ディスクは利用できない状態です。",
    "original_hash_mismatch": "他の操作によって内容が変更されています。再度読み込んでください。",
    "limit_count_in_account": "作成数の上限に達しています。",
    "dont_create_in_sandbox": "Sandboxでは作成できません。",
    "not_implemented": "エミュレータは未対応です。",
    "busy": "混み合っています。しばらくしてから再度お試しください。",
    "service_unavailable": "サービスを利用できません。",
    "locked": "対象はロックされています。",
    "apiproxy_timeout": "応答がありませんでした。",
}


class ApiError(Exception):
    """The API refuses: `status` and `code` as in the catalogue, `detail` in English for whoever reads a test's log."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The error envelope; clients index all five keys."""
        text = _TEXTS.get(self.code, "エラーが発生しました。")
        return {
            "is_fatal": True,
            "serial": uuid.uuid4().hex,
            "status": status_line(self.status),
            "error_code": self.code,
            "error_msg": f"{text} ({self.detail})" if self.detail else text,
        }


class ControlError(Exception):
    """A control route refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def status_line(status: int) -> str:
    """`404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def bad_request(code: str, detail: str) -> ApiError:
    """A 400."""
    return ApiError(400, code, detail)


def not_found(what: str) -> ApiError:
    """The 404 of an unknown ID."""
    return ApiError(404, "not_found", what)


def conflict(code: str, detail: str) -> ApiError:
    """A 409: the object's state forbids the call."""
    return ApiError(409, code, detail)

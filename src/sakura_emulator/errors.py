"""Refusals of the emulated API, with the error catalogue's status and words."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

# The service's texts by code, as the vendor's older clients (saklient) and issues of the newer ones quote them. It has
# English ones, too, for an `Accept-Language` that asks for them; nobody quotes those, so that Japanese is all there is.
_TEXTS = {
    "unauthorized": "この操作は認証が必要です。IDまたはパスワードが誤っている可能性があります。",
    "forbidden": "要求された操作は許可されていません。権限エラー。",
    "disabled_in_sandbox": "要求された操作は許可されていません。このゾーンではこの操作は禁止されています。"
    "他のゾーンでお試しください。",
    "dont_create_in_sandbox": "要求された操作は許可されていません。ゾーンをまたぐ一部のリソースは課金対象です。"
    "料金をご確認の上、他のゾーンで作成してください。",
    "not_found": "対象が見つかりません。対象は利用できない状態か、IDまたはパスに誤りがあります。",
    "resource_path_not_found": "対象が見つかりません。パスに誤りがあります。",
    "method_not_allowed": "要求されたHTTPメソッドは対応していません。",
    "bad_request": "不適切な要求です。パラメータの指定誤り、入力規則違反です。入力内容をご確認ください。",
    "invalid_format": "不適切な要求です。パラメータに含まれている値のフォーマットが一部不正です。",
    "invalid_range": "不適切な要求です。パラメータに含まれている値の範囲が一部不正です。",
    "invalid_param_comb": "不適切な要求です。同時に指定できないパラメータが含まれています。",
    "missing_param": "不適切な要求です。必要なパラメータが指定されていません。",
    "param_res_not_found": "不適切な要求です。パラメータで指定されたリソースが存在しません。IDをご確認ください。",
    "unsupported_res_class": "不適切な要求です。この種類のリソースは要求された操作に対応しません。",
    "cant_resize_smaller": "不適切な要求です。現在の容量よりも小さくリサイズすることはできません。",
    "filter_array_comparison": "不適切な要求です。配列とは比較できない演算子がフィルタ中に含まれています。",
    "conflict": "要求された操作を行えません。現在の対象の状態では、この操作を受け付けできません。",
    "still_creating": "要求された操作を行えません。リソースの作成処理が進行中です。完了後に再度お試しください。",
    "res_already_exists": "要求された操作を行えません。このIDのリソースは既に存在します。",
    "res_already_connected": "要求された操作を行えません。このリソースは他のリソースと既に接続されています。",
    "res_already_disconnected": "要求された操作を行えません。このリソースは既に切断されています。",
    "connect_to_same_switch": "要求された操作を行えません。"
    "複数のインタフェースから同一のスイッチに接続することはできません。",
    "delete_ipv6nets_first": "要求された操作を行えません。ルータを削除する前に、"
    "IPv6ネットワークの割当を解除してください。",
    "delete_router_b4_switch": "要求された操作を行えません。ルータを削除することでスイッチは同時に削除されます。",
    "disconnect_b4_delete": "要求された操作を行えません。サーバとの接続を切り離した後に実行してください。",
    "disconnect_b4_update": "要求された操作を行えません。サーバと接続された状態では変更できない値が含まれています。",
    "disk_connection_limit": "要求された操作を行えません。"
    "この接続インタフェースにこれ以上のディスクを接続することができません。",
    "server_power_must_be_down": "要求された操作を行えません。サーバが起動中にはこの操作を行えません。",
    "server_power_must_be_up": "要求された操作を行えません。サーバが停止中にはこの操作を行えません。",
    "disk_is_copying": "要求された操作を行えません。このディスクへのコピー処理が進行中です。"
    "完了後に再度お試しください。",
    "disk_is_not_available": "要求された操作を行えません。ディスクが利用可能な状態ではありません。"
    "コピー処理等の完了後に再度お試しください。",
    "archive_is_incomplete": "要求された操作を行えません。このアーカイブは不完全です。"
    "複製処理等の完了後に再度お試しください。",
    "cdrom_in_use": "要求された操作を行えません。ISOイメージをサーバから排出後に実行してください。",
    "ftp_is_already_open": "要求された操作を行えません。FTP共有は既に開始されています。",
    "ftp_is_already_close": "要求された操作を行えません。FTP共有は既に終了されています。",
    "ftp_must_be_closed": "要求された操作を行えません。リソースのFTP共有を終了した後に実行してください。",
    "ipv6net_already_attached": "要求された操作を行えません。ConnectedなIPv6ネットワークが既に割り当て済みです。",
    "original_hash_mismatch": "要求された操作を行えません。"
    "オリジナルのデータを取得してからこのリクエストを行うまでの間に、他の変更が加わった可能性があります。",
    "limit_count_in_account": "要求を受け付けできません。アカウントあたりのリソース数上限により、"
    "リソースの割り当てに失敗しました。",
    "run_out_of_ipaddress": "要求された操作を行えません。指定されたネットワークに属するIPアドレスはすべて使用中です。",
    "locked": "HTTPエラー。Locked.",
    "too_many_request": "要求を受け付けできません。リクエストの密度が高すぎます。",
    "unknown": "予期しないエラーが発生しました。このエラーが繰り返し発生する場合は、"
    "サポートサイトやメンテナンス情報をご確認ください。",
    "busy": "サービスが利用できません。サーバが混雑しています。しばらく時間をおいてから再度お試しください。",
    "service_unavailable": "サービスが利用できません。対象は利用できない、またはサーバが混雑しています。"
    "このエラーが繰り返し発生する場合は、メンテナンス情報、サポートサイトをご確認ください。",
    "apiproxy_timeout": "APIプロクシがタイムアウトしました。サーバが混雑している可能性があります。",
    "not_implemented": "HTTPエラー。Not Implemented.",
}


class ApiError(Exception):
    """The API refuses: `status` and `code` as in the catalogue.

    `said` is what the service says on a second line, where that is known. `detail` is the emulator's own, in English,
    for whoever reads a test's log.
    """

    def __init__(self, status: int, code: str, detail: str = "", *, said: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.said = said
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The error envelope; clients index all five keys."""
        own = f"[emulator] {self.detail}" if self.detail else ""
        lines = (_TEXTS.get(self.code, _TEXTS["unknown"]), self.said, own)
        return {
            "is_fatal": True,
            "serial": uuid.uuid4().hex,
            "status": status_line(self.status),
            "error_code": self.code,
            "error_msg": "\n".join(line for line in lines if line),
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


def refused(detail: str, said: str = "") -> ApiError:
    """The 400 of what breaks a rule of the service's own schemas: plans, and the settings of service items."""
    return ApiError(400, "bad_request", detail, said=said)


def not_found(what: str) -> ApiError:
    """The 404 of an unknown ID."""
    return ApiError(404, "not_found", what)


def conflict(code: str, detail: str) -> ApiError:
    """A 409: the object's state forbids the call."""
    return ApiError(409, code, detail)
